"""What a press of a mouse or finger leaves behind, and how often it counts, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TimedOut

from storage.enums import ItemState, LabelValue, Role
from tests.browser.conftest import PHONE, SignIn
from tests.browser.reviewing import (
    labels_of,
    media,
    shown_item,
    wait_for_image,
    wait_until_saved,
)
from tests.browser.test_near_duplicates import alike, images
from tests.web.site import Site

WINDOWS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(params=WINDOWS)
def window(request: pytest.FixtureRequest) -> dict[str, Any]:
    return WINDOWS[request.param]


Press = Callable[[Locator], None]


@pytest.fixture
def press(window: dict[str, Any]) -> Press:
    """Once, with what the window has."""
    return Locator.tap if window else Locator.click


@pytest.fixture
def press_twice(window: dict[str, Any]) -> Press:
    """As fast as people do who press everything twice, however busy the machine is."""

    def taps(button: Locator) -> None:
        box = button.bounding_box()
        assert box is not None
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        screen = button.page.context.new_cdp_session(button.page)
        first = time.time()
        for since in (0, 0.15):
            for kind, points in (("touchStart", [at]), ("touchEnd", [])):
                moment = {"timestamp": first + since}
                screen.send(
                    "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points, **moment}
                )
        screen.detach()

    return taps if window else Locator.dblclick


def button(page: Page, action: str) -> Locator:
    return page.locator(f"#review [data-do='{action}']")


def leaves_the_keyboard(page: Page, control: str) -> None:
    """Nothing that was pressed has the focus; a dialog that closes holds it for a frame more."""
    focused = "document.activeElement.matches('button, a, summary, select, input')"
    try:
        page.wait_for_function(f"!{focused}")
    except TimedOut:
        pytest.fail(f"{control} keeps the keyboard")


def reveal(page: Page, action: str, press: Press) -> Locator:
    """The action's button, brought up first where it is out of sight."""
    found = button(page, action)
    if found.is_visible():
        return found
    if found.evaluate("button => button.closest('#zoom-panel') !== null"):
        page.keyboard.press("l")
    else:
        press(page.locator("#more"))
    return found


def test_after_a_press_on_fake_space_and_enter_answer_nothing(
    site: Site, sign_in: SignIn, window: dict[str, Any], press: Press
) -> None:
    items = site.items(4)
    page = sign_in(**window)
    first = wait_for_image(page)
    press(button(page, "fake"))
    second = wait_for_image(page, other_than=first)
    page.keyboard.press("Enter")
    page.keyboard.down(" ")
    expect(page.locator(".viewer.is-comparing")).to_be_visible()
    page.keyboard.up(" ")
    assert shown_item(page) == second
    press(reveal(page, "skip", press))
    third = wait_for_image(page, other_than=second)
    page.keyboard.press(" ")
    page.keyboard.press("Enter")
    page.keyboard.press("u")
    wait_for_image(page, other_than=third)
    wait_until_saved(page)
    fourth = shown_item(page)
    given = {first: [LabelValue.FAKE], second: [], third: [LabelValue.UNSURE], fourth: []}
    assert labels_of(site, items) == given


def test_no_control_keeps_the_keyboard_after_a_press_on_it(
    site: Site, sign_in: SignIn, window: dict[str, Any], press: Press
) -> None:
    alike(site, 3)
    page = sign_in(**window)
    wait_for_image(page)
    seldom = ("closer", "view:noise", "view:original", "compare", "side-by-side", "zoom-in")
    marks = ("mark", "outline")
    for action in (*seldom, "neutral", *marks, "closer", "comment", "escalate"):
        press(reveal(page, action, press))
        leaves_the_keyboard(page, action)
        page.keyboard.press("Escape")
    press(page.locator("#more"))
    leaves_the_keyboard(page, "more")
    page.keyboard.press("Escape")
    expect(page.locator("#rest.is-open")).to_have_count(0)
    press(page.locator("#account summary"))
    leaves_the_keyboard(page, "the menu")
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    for action, dialog in (
        ("recent", "#recent"),
        ("session", "#session-dialog"),
        ("help", "#help"),
    ):
        press(reveal(page, action, press))
        press(page.locator(f"{dialog} form[method=dialog] button").last)
        expect(page.locator(dialog)).to_be_hidden()
        leaves_the_keyboard(page, action)
    press(button(page, "alike"))
    press(page.locator("[data-grid=all]"))
    leaves_the_keyboard(page, "a button of the grid")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    press(page.locator("[data-answer=fake]"))
    page.keyboard.press(" ")
    page.keyboard.press("Enter")
    expect(page.locator("#alike-question")).to_be_visible()
    press(page.locator("[data-grid=back]"))
    press(page.locator("[data-grid=close]"))
    leaves_the_keyboard(page, "the grid")


def test_sliders_and_boxes_of_the_panel_give_the_keyboard_back(site: Site, sign_in: SignIn) -> None:
    first = site.items(2)[0]
    page = sign_in()
    wait_for_image(page)
    page.get_by_label("Brightness").click(position={"x": 20, "y": 5})
    leaves_the_keyboard(page, "a slider that was moved")
    page.get_by_text("Contrast").click()
    leaves_the_keyboard(page, "a slider whose name was clicked")
    page.get_by_text("Keep zoom").click()
    leaves_the_keyboard(page, "a box")
    expect(page.locator("#zoom-panel-keep")).to_be_checked()
    page.keyboard.press(" ")
    expect(page.locator("#zoom-panel-keep")).to_be_checked()
    page.mouse.move(*middle(button(page, "fake")))
    page.mouse.down()
    page.mouse.move(600, 300)
    page.mouse.up()
    leaves_the_keyboard(page, "a button that was let go of elsewhere")
    assert shown_item(page) == first


def middle(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_answer_keys_work_after_the_queue_was_chosen_by_mouse(
    site: Site, sign_in: SignIn, window: dict[str, Any], press: Press
) -> None:
    waiting = site.items(3)
    escalated = site.items(2, ItemState.ESCALATED)
    page = sign_in(Role.ADMIN, at="/review/", **window)
    wait_for_image(page)
    queue = page.get_by_role("combobox", name="Queue")
    press(queue)
    page.keyboard.press("Escape")  # looked at, and left as it was
    page.keyboard.press("r")
    wait_for_image(page, other_than=waiting[0])
    queue.select_option("escalated")
    first = wait_for_image(page, other_than=waiting[1])
    page.keyboard.press("w")  # its first letter: it would switch back
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    expect(queue).to_have_value("escalated")
    wait_until_saved(page)
    assert labels_of(site, [waiting[0], escalated[0]]) == {waiting[0]: ["real"], first: ["fake"]}


def test_what_was_reached_by_tab_keeps_the_keyboard(site: Site, sign_in: SignIn) -> None:
    items = site.items(4)
    page = sign_in(Role.ADMIN, at="/review/")
    shown = wait_for_image(page)
    fake = button(page, "fake")
    fake.focus()
    for _ in range(2):
        page.keyboard.press("Enter")
        shown = wait_for_image(page, other_than=shown)
        expect(fake).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(button(page, "real")).to_be_focused()
    page.keyboard.press("Tab")
    fake.click()
    wait_for_image(page, other_than=shown)
    expect(fake).not_to_be_focused()  # also where Tab had put it before
    queue = page.get_by_role("combobox", name="Queue")
    queue.focus()
    page.keyboard.press("ArrowDown")
    expect(queue).to_have_value("escalated")
    expect(queue).to_be_focused()
    wait_until_saved(page)
    assert list(labels_of(site, items).values()) == [["fake"], ["fake"], ["fake"], []]


def test_a_double_press_on_an_answer_counts_once(
    site: Site, sign_in: SignIn, window: dict[str, Any], press: Press, press_twice: Press
) -> None:
    items = site.items(5)
    page = sign_in(**window)
    first = wait_for_image(page)
    press_twice(button(page, "fake"))
    second = wait_for_image(page, other_than=first)
    wait_until_saved(page)
    assert shown_item(page) == second
    press_twice(reveal(page, "skip", press))
    third = wait_for_image(page, other_than=second)
    press(button(page, "real"))
    wait_for_image(page, other_than=third)
    wait_until_saved(page)
    press_twice(button(page, "undo"))
    expect(page.locator("#frame img")).to_have_attribute("src", media(third))
    wait_until_saved(page)
    given = {first: [LabelValue.FAKE], second: [], third: []}
    assert labels_of(site, items) == given | {item: [] for item in items[3:]}
    press_twice(reveal(page, "escalate", press))
    expect(page.locator("#escalate")).to_be_visible()


def test_a_double_press_in_the_grid_asks_and_does_not_answer(
    site: Site, sign_in: SignIn, window: dict[str, Any], press: Press, press_twice: Press
) -> None:
    items = alike(site, 3)
    page = sign_in(**window)
    wait_for_image(page)
    press(button(page, "alike"))
    options = images(page)
    expect(options).to_have_count(3)
    press_twice(options.nth(1))
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    press_twice(page.locator("[data-answer=real]"))
    expect(page.locator("#alike-question")).to_be_visible()
    press_twice(page.locator("[data-grid=confirm]"))  # an answer button lies beneath
    expect(page.locator("#alike-dialog")).to_be_hidden()
    wait_until_saved(page)
    given = labels_of(site, items)
    assert sorted(len(labels) for labels in given.values()) == [0, 1, 1]


def test_zoom_goes_on_with_every_press(site: Site, sign_in: SignIn) -> None:
    """That keys count each, however fast, is in test_review and test_outbox."""
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    level = "Number(document.querySelector('.viewer').style.getPropertyValue('--zoom'))"
    button(page, "zoom-in").dblclick()
    assert page.evaluate(level) == pytest.approx(2.25)
