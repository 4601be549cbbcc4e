"""Answering with a finger, in a real browser: a second way, and easy to call off."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from review_app.policy.review_options import ReviewOptions, Veil, change_options
from storage.enums import LabelValue, Role
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import keep_picture
from tests.browser.reviewing import (
    labels_of,
    media,
    shown_item,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.web.site import Site

MIDDLE = (195, 300)
FAR = 150


class Fingers:
    """Touches of the page's screen, at places in pixels."""

    def __init__(self, page: Page) -> None:
        self._touch = page.context.new_cdp_session(page)

    def _send(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        self._touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def down(self, *places: tuple[float, float]) -> None:
        self._send("touchStart", *places)

    def move(self, *places: tuple[float, float]) -> None:
        self._send("touchMove", *places)

    def up(self) -> None:
        self._send("touchEnd")

    def drag(self, right: float, down: float = 0) -> None:
        """From the middle of the image, in steps, without letting go."""
        x, y = MIDDLE
        self.down(MIDDLE)
        for step in range(1, 6):
            self.move((x + right * step / 5, y + down * step / 5))


def phone(sign_in: SignIn, **options: object) -> tuple[Page, Fingers, int]:
    """A phone's page with an image on show, the fingers on it, and which item it is."""
    page = sign_in(viewport=PHONE, has_touch=True, is_mobile=True, **options)
    shown = wait_for_image(page)
    page.get_by_role("button", name="Got it").tap()
    return page, Fingers(page), shown


def moved(page: Page) -> float:
    """Pixels that the image is moved right by."""
    right: float = page.evaluate(
        "() => new DOMMatrix(getComputedStyle(document.querySelector('#frame')).transform).e"
    )
    return right


@pytest.mark.parametrize(("way", "value"), [(FAR, LabelValue.REAL), (-FAR, LabelValue.FAKE)])
def test_a_swipe_follows_the_finger_says_the_answer_gives_it_and_can_be_undone(
    site: Site, sign_in: SignIn, way: int, value: LabelValue
) -> None:
    items = site.items(2)
    page, fingers, first = phone(sign_in)
    fingers.drag(way)
    word = page.locator("#swipe")
    expect(word).to_be_visible()
    expect(word).to_have_text(value.value, ignore_case=True)
    wait_until(page, lambda: abs(moved(page) - way) <= 1)
    keep_picture(page, f"review-swipe-{value.value}")
    assert shown_item(page) == first, "nothing is said before the finger lets go"
    fingers.up()
    wait_for_image(page, other_than=first)
    expect(word).to_be_hidden()
    wait_until_saved(page)
    assert labels_of(site, items)[first] == [value]
    page.get_by_role("button", name="Undo").click()  # a made-up tap so soon makes no click at times
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    wait_until_saved(page)
    assert labels_of(site, items)[first] == []


def test_a_finger_that_goes_back_or_down_or_not_far_answers_nothing(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(1)
    page, fingers, _ = phone(sign_in)
    fingers.drag(40)
    fingers.up()
    fingers.drag(FAR)
    fingers.move(MIDDLE)
    fingers.up()
    fingers.drag(60, down=200)
    fingers.up()
    fingers.down((5, 300))  # the browser's own way back begins there
    fingers.move((60, 300))
    fingers.move((200, 300))
    fingers.up()
    page.wait_for_timeout(300)
    assert moved(page) == 0
    wait_until_saved(page)
    assert shown_item(page) == items[0]
    assert labels_of(site, items) == {items[0]: []}


def test_two_fingers_zoom_and_a_zoomed_image_is_moved_not_answered(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(1)
    page, fingers, _ = phone(sign_in)
    fingers.down((180, 300), (220, 300))
    fingers.move((100, 300), (300, 300))
    fingers.up()
    viewer = page.locator(".viewer.is-zoomed")
    expect(viewer).to_be_visible()
    fingers.drag(FAR)
    fingers.up()
    expect(viewer).to_be_visible()
    assert moved(page) == 0
    page.wait_for_timeout(300)
    assert labels_of(site, items) == {items[0]: []}


def test_looking_beneath_the_veil_is_no_swipe(site: Site, sign_in: SignIn) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(veil=Veil.BLUR))
    items = site.items(2)
    page, fingers, first = phone(sign_in)
    fingers.down(MIDDLE)
    page.wait_for_timeout(500)
    fingers.move((280, 300))
    fingers.move((370, 300))
    fingers.up()
    page.wait_for_timeout(300)
    assert labels_of(site, items)[first] == []
    fingers.drag(FAR)
    fingers.up()
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    assert labels_of(site, items)[first] == [LabelValue.REAL]
    change_options(site.app.database, admin, ReviewOptions())


def test_with_reduced_motion_the_word_is_said_and_the_image_stays(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    page, fingers, _ = phone(sign_in, reduced_motion="reduce")
    fingers.drag(FAR)
    expect(page.locator("#swipe")).to_be_visible()
    assert moved(page) == 0
    fingers.up()


def test_a_finger_is_told_of_swiping_once_and_a_mouse_never_swipes(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(2)
    page = sign_in(viewport=PHONE, has_touch=True, is_mobile=True)
    wait_for_image(page)
    expect(page.get_by_text("Or swipe the image")).to_be_visible()
    page.get_by_role("button", name="Got it").tap()
    page.reload()
    wait_for_image(page)
    expect(page.get_by_text("Or swipe the image")).to_be_hidden()
    page.close(run_before_unload=False)
    desk = sign_in()
    wait_for_image(desk)
    expect(desk.get_by_text("Or swipe the image")).to_be_hidden()
    desk.mouse.move(500, 300)
    desk.mouse.down()
    desk.mouse.move(900, 300, steps=5)
    desk.mouse.up()
    desk.wait_for_timeout(300)
    assert labels_of(site, items) == {item: [] for item in items}
