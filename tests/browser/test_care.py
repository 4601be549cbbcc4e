"""Care for whoever reviews, in a real browser: the veil over images, one's own goal, breaks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from review_app.policy.review_options import ReviewOptions, Veil, change_options
from storage.enums import Role
from storage.types import utc_now
from tests.browser.conftest import SignIn
from tests.browser.reviewing import (
    held_by_anybody,
    labels_of,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.web.site import Site

HOLD_MS = 400
"""Longer than the press that shows an image."""


@pytest.fixture(autouse=True)
def _options_as_they_were(site: Site) -> Iterator[None]:
    site.app.policies.current()
    yield
    veil_for_all(site, Veil.NONE)


def veil_for_all(site: Site, veil: Veil) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(veil=veil))


def filter_of(locator: Locator) -> str:
    """What the browser does to the element's pixels."""
    found: str = locator.evaluate("element => getComputedStyle(element).filter")
    return found


def image(page: Page) -> Locator:
    return page.locator("#frame img")


def note(page: Page) -> Locator:
    return page.locator("#veil-note")


def test_a_blurred_image_says_so_is_shown_by_a_key_and_the_next_is_blurred_again(
    site: Site, sign_in: SignIn
) -> None:
    veil_for_all(site, Veil.BLUR)
    site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    assert "blur" in filter_of(image(page))
    expect(page.get_by_role("button", name="Blurred. B shows it")).to_be_visible()
    page.keyboard.press("1")
    lens = page.locator("#lens img")
    expect(lens).to_be_visible()
    assert "blur" in filter_of(lens), "a forensic view shows the same scene"
    page.keyboard.press("b")
    assert filter_of(lens) == "none"
    expect(note(page)).to_be_hidden()
    page.keyboard.press("1")
    assert filter_of(image(page)) == "none"
    page.keyboard.press("b")
    assert "blur" in filter_of(image(page))
    page.keyboard.press("b")
    page.keyboard.press("r")
    wait_for_image(page, other_than=first)
    assert "blur" in filter_of(image(page))


def test_an_image_is_shown_for_as_long_as_it_is_pressed(site: Site, sign_in: SignIn) -> None:
    veil_for_all(site, Veil.BLUR)
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    box = image(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.wait_for_timeout(HOLD_MS)
    assert filter_of(image(page)) == "none"
    page.mouse.up()
    assert "blur" in filter_of(image(page))
    note(page).click()
    assert filter_of(image(page)) == "none"


def test_without_colour_light_can_still_be_changed(site: Site, sign_in: SignIn) -> None:
    veil_for_all(site, Veil.GREYSCALE)
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    assert filter_of(page.locator("#frame")) == "grayscale(1)"
    expect(page.get_by_role("button", name="Without colour. B shows it")).to_be_visible()
    page.get_by_label("Brightness").fill("150")
    assert filter_of(image(page)) == "brightness(1.5)"
    page.keyboard.press("b")
    assert filter_of(page.locator("#frame")) == "none"
    assert filter_of(image(page)) == "brightness(1.5)"


def test_where_nothing_is_veiled_the_key_veils_this_image_alone(
    site: Site, sign_in: SignIn
) -> None:
    site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    assert filter_of(image(page)) == "none"
    expect(note(page)).to_be_hidden()
    page.keyboard.press("b")
    assert "blur" in filter_of(image(page))
    page.keyboard.press("u")
    wait_for_image(page, other_than=first)
    assert filter_of(image(page)) == "none"


def calm(page: Page) -> Locator:
    return page.locator("#calm")


def my_session(page: Page) -> Locator:
    return page.get_by_role("dialog", name="My session")


def choose(page: Page, **values: str) -> None:
    """Set fields of the dialog, by key alone."""
    page.keyboard.press("p")
    for name, value in values.items():
        field = my_session(page).locator(f'[name="{name}"]')
        if name == "goal":
            field.fill(value)
        else:
            field.select_option(value)
    page.keyboard.press("Escape")
    expect(my_session(page)).to_be_hidden()
    page.wait_for_function("!document.activeElement?.closest('dialog')")


def set_clock(page: Page) -> None:
    """From here on the page's clock goes on by `later` alone."""
    page.clock.set_fixed_time(utc_now())
    page.reload()
    wait_for_image(page)


def later(page: Page, seconds: float) -> None:
    """The page's clock goes on; its timers run as ever."""
    now = page.evaluate("Date.now()")
    page.clock.set_fixed_time(now / 1000 + seconds)


def answer(page: Page, key: str = "r") -> None:
    """Answer the image on show, and wait for the next or for none."""
    expect(page.locator('[data-do="real"]')).to_have_attribute("aria-disabled", "false")
    before = page.locator("#frame img").get_attribute("src")
    page.keyboard.press(key)
    expect(page.locator(f'#frame img[src="{before}"]')).to_have_count(0)


def test_ones_own_choice_of_how_images_look_goes_before_the_admins(
    site: Site, sign_in: SignIn
) -> None:
    veil_for_all(site, Veil.BLUR)
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    choose(page, veil="none")
    assert filter_of(image(page)) == "none"
    page.reload()
    wait_for_image(page)
    assert filter_of(image(page)) == "none"
    choose(page, veil="greyscale")
    assert filter_of(page.locator("#frame")) == "grayscale(1)"
    choose(page, veil="")
    assert "blur" in filter_of(image(page))


def test_goal_and_pace_are_told_to_oneself_and_to_nobody_else(site: Site, sign_in: SignIn) -> None:
    site.items(8)
    page = sign_in()
    set_clock(page)
    sent: list[str] = []
    page.on("request", lambda asked: sent.append(f"{asked.url} {asked.headers} {asked.post_data}"))
    choose(page, goal="6", minutes="40")
    for n in range(6):
        assert calm(page).inner_text() == "", f"quiet until the goal, after {n}"
        later(page, 10)
        answer(page)
    expect(calm(page)).to_contain_text("That makes 6, your goal.")
    later(page, 10)
    answer(page)  # nothing has to be pressed first
    page.keyboard.press("z")
    page.get_by_role("button", name="Good").click()
    expect(calm(page)).to_have_text("")
    page.reload()
    wait_for_image(page)
    page.get_by_role("button", name="this session").click()
    expect(my_session(page)).to_contain_text("6 of 6")
    expect(my_session(page)).to_contain_text("6.0 a minute")
    page.get_by_role("button", name="Close", exact=True).click()
    wait_until_saved(page)
    own = page.evaluate(
        """() => [localStorage, sessionStorage].flatMap((store) => Object.entries(store))
          .filter(([name]) => /session|worked/.test(name)).flatMap(([, kept]) =>
            Object.keys(JSON.parse(kept)))"""
    )
    assert {"goal", "minutes", "done", "given", "ms", "fresh"} <= set(own)
    words = ["goal", "minutes", "pace", "fresh", "given"]
    assert [request for request in sent for word in words if f'"{word}' in request] == []
    bodies = [request for request in sent if "/review/answers" in request]
    assert bodies, "the answers themselves were sent"


def test_a_break_is_offered_after_an_answer_and_waits_in_nobodys_way(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(40)
    page = sign_in()
    set_clock(page)
    choose(page, minutes="20")
    answer(page)
    for _ in range(20):
        expect(calm(page)).to_have_text("")
        later(page, 60)
        assert calm(page).inner_text() == "", "nothing is said while somebody looks"
        answer(page)
    expect(calm(page)).to_contain_text("You have looked for 20 minutes.")
    answer(page)
    expect(page.get_by_role("button", name="Take a break")).to_be_visible()
    page.get_by_role("button", name="Later").click()
    later(page, 60)
    answer(page)
    expect(calm(page)).to_have_text("")
    for _ in range(10):
        later(page, 60)
        answer(page)
    page.get_by_role("button", name="Take a break").click()
    expect(page.get_by_role("heading", name="A break")).to_be_visible()
    expect(page.locator("#frame img")).to_have_count(0)
    page.keyboard.press("r")  # nobody judges what they cannot see
    wait_until_saved(page)
    wait_until(page, lambda: held_by_anybody(site, items) == [])
    page.keyboard.press("Enter")
    shown = wait_for_image(page)
    assert shown in held_by_anybody(site, items)
    answer(page)
    expect(calm(page)).to_have_text("")
    wait_until_saved(page)
    assert sum(len(values) for values in labels_of(site, items).values()) == 34


def test_a_long_pause_is_a_break_by_itself(site: Site, sign_in: SignIn) -> None:
    site.items(24)
    page = sign_in()
    set_clock(page)
    choose(page, minutes="20")
    for pause in [60] * 18 + [3600] + [60] * 3:
        later(page, pause)
        answer(page)
        expect(calm(page)).to_have_text("")
