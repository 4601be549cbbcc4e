"""What comes between while somebody reviews: the sign-in ends, another tab answers, the admin
changes the tags, a day ends elsewhere, a keyboard comes up; in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, Route, expect

from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import LabelValue, Role
from storage.types import utc_now
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import SIZES, resize
from tests.browser.reviewing import (
    labels_of,
    media,
    shown_item,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.web.site import PASSWORD, Site

PAST_MEMORY_MS = 1100
"""A session's lookup is remembered for a second."""


HANDHELD: dict[str, Any] = {"viewport": PHONE, "has_touch": True, "is_mobile": True}


@pytest.fixture(params=SIZES)
def window(request: pytest.FixtureRequest) -> dict[str, Any]:
    is_phone = request.param == "phone"
    return {"viewport": SIZES[request.param], "has_touch": is_phone, "is_mobile": is_phone}


def other_tab(page: Page) -> Page:
    """Of the same browser, with an image on show."""
    tab = page.context.new_page()
    tab.goto(page.url)
    wait_for_image(tab)
    return tab


def test_whose_sign_in_ended_follows_a_link_and_comes_back_to_the_page(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(2)
    name = site.account(password=PASSWORD)
    page = sign_in(name=name, **HANDHELD)
    first = wait_for_image(page)
    for cookie in page.context.cookies():
        site.app.people.sign_out(cookie["value"])
    page.wait_for_timeout(PAST_MEMORY_MS)
    page.keyboard.press("f")
    link = page.get_by_role("link", name="1 kept here, sign in again")
    for size in reversed(SIZES):
        resize(page, size)
        expect(link).to_be_visible()
        assert barriers(page) == []
        assert not sticks_out(page)
    link.click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/review/")
    wait_until_saved(page)
    assert labels_of(site, items)[first] == [LabelValue.FAKE]


def test_an_image_that_comes_after_the_sign_in_has_ended_leads_to_signing_in(
    site: Site, sign_in: SignIn
) -> None:
    first, second = site.items(2)
    page = sign_in()
    wait_for_image(page)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        held.append(route)

    page.route(f"**{media(second)}", hold_the_first)
    page.reload()
    wait_for_image(page)
    page.keyboard.press("f")
    wait_until_saved(page)
    for cookie in page.context.cookies():
        site.app.people.sign_out(cookie["value"])
    page.wait_for_timeout(PAST_MEMORY_MS)
    wait_until(page, lambda: bool(held))
    held[0].continue_()
    expect(page.get_by_role("heading", name="Your sign-in has ended")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/login?next=%2Freview%2F")
    assert labels_of(site, [first]) == {first: [LabelValue.FAKE]}


def test_whose_account_was_closed_reads_that_and_loses_nothing(site: Site, sign_in: SignIn) -> None:
    items = site.items(1)
    name = site.account()
    page = sign_in(name=name, **HANDHELD)
    first = wait_for_image(page)
    site.app.people.set_enabled(name, False, "test")
    page.wait_for_timeout(PAST_MEMORY_MS)
    page.keyboard.press("f")
    expect(page.locator("#saved")).to_have_text("1 kept here, your account is closed")
    for size in reversed(SIZES):
        resize(page, size)
        expect(page.get_by_role("heading", name="Your account is closed")).to_be_visible()
        assert not sticks_out(page)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Your account was closed. Ask an admin to open it again."
    )
    assert labels_of(site, items)[first] == []


def test_a_second_tab_shows_nothing_that_the_first_has_answered(
    site: Site, sign_in: SignIn
) -> None:
    """The first as large as on a phone, the second as on a desk."""
    items = site.items(4)
    page = sign_in(**HANDHELD)
    first = wait_for_image(page)
    tab = other_tab(page)
    resize(tab, "desktop")
    assert shown_item(tab) == first
    page.keyboard.press("f")
    second = wait_for_image(tab, other_than=first)
    expect(tab.locator("#previous-text")).to_have_text("The image was answered in another tab.")
    tab.keyboard.press("s")
    third = wait_for_image(page, other_than=second)
    page.keyboard.press("r")
    wait_for_image(tab, other_than=third)
    page.keyboard.press("z")  # taken back: it is on show there alone, until it is answered
    expect(page.locator("#frame img")).to_have_attribute("src", media(third))
    page.keyboard.press("u")
    page.keyboard.press("u")
    for each in (page, tab):
        expect(each.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
        expect(each.locator("#aside")).to_be_hidden()
        wait_until_saved(each)
    given: dict[int, list[LabelValue]] = {first: [LabelValue.FAKE], second: []}
    assert labels_of(site, items) == given | {i: [LabelValue.UNSURE] for i in items[2:]}


@pytest.fixture
def tags(site: Site) -> Iterator[Any]:
    """``tags("a", "b")``: the admin puts these up."""
    site.app.policies.current()
    _, admin = site.signed_in(Role.ADMIN)

    def put_up(*names: str) -> None:
        change_options(site.app.database, admin, ReviewOptions(tags=names))

    yield put_up
    change_options(site.app.database, admin, ReviewOptions())


def test_tags_that_the_admin_changes_reach_an_open_page(
    site: Site, sign_in: SignIn, window: dict[str, Any], tags: Any
) -> None:
    tags("face swap", "generated")
    site.items(1)
    page = sign_in(**window)
    wait_for_image(page)
    page.keyboard.press("t")
    chips = page.locator(".chip")
    expect(chips).to_have_text(["1face swap", "2generated"])
    tags("generated", "retouched", "face swap")
    page.evaluate("dispatchEvent(new Event('focus'))")  # from the other window
    page.wait_for_timeout(500)
    page.keyboard.press("1")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_text("1face swap")  # as it was read
    page.keyboard.press("Enter")
    expect(chips).to_have_text(["1generated", "2retouched", "3face swap"])
    tags("composed")
    expect(chips).to_have_text(["1composed", "2face swap"])  # what is chosen stays


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
def test_done_today_counts_the_day_of_whoever_looks(site: Site, sign_in: SignIn, zone: str) -> None:
    site.items(2)
    page = sign_in(timezone_id=zone)
    first = wait_for_image(page)
    with page.expect_request("**/progress?*") as asked:
        page.keyboard.press("f")
        wait_for_image(page, other_than=first)
    (told,) = parse_qs(urlsplit(asked.value.url).query)["today"]
    here = utc_now().astimezone(ZoneInfo(zone))
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    assert datetime.fromisoformat(told) in (midnight, midnight - timedelta(days=1))
    assert datetime.fromisoformat(told).astimezone(ZoneInfo(zone)).hour == 0
    expect(page.locator("#progress")).to_contain_text("1 done today")


def test_the_panel_begins_at_its_top_with_the_next_image(
    site: Site, sign_in: SignIn, window: dict[str, Any]
) -> None:
    first = site.items(2)[0]
    page = sign_in(**{**window, "viewport": {**window["viewport"], "height": 500}})
    wait_for_image(page)
    page.keyboard.press("t")
    page.wait_for_function("document.querySelector('#zoom-panel').scrollTop > 0")
    page.keyboard.press("1")
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    page.wait_for_function("document.querySelector('#zoom-panel').scrollTop === 0")


IS_ON_TOP = """(place) => {
  const box = place.getBoundingClientRect();
  const inside = box.top >= 0 && box.bottom <= innerHeight;
  const x = (box.left + box.right) / 2;
  const ys = [box.top + 2, (box.top + box.bottom) / 2, box.bottom - 2];
  return inside && ys.every((y) => place.contains(document.elementFromPoint(x, y)));
}"""
COVERED = """() => {
  const seen = new EventTarget();
  Object.assign(seen, { scale: 1, height: innerHeight, offsetTop: 0 });
  Object.defineProperty(window, "visualViewport", { value: seen });
  window.coverBy = (height) => {
    seen.height = innerHeight - height;
    seen.dispatchEvent(new Event("resize"));
  };
}"""


@pytest.mark.parametrize("note", ["comment", "escalate"])
def test_with_the_phones_keyboard_up_the_comment_is_seen_whole(
    site: Site, sign_in: SignIn, note: str
) -> None:
    """Some phones make the page smaller for it, some lay it over the page."""
    site.items(1)
    page = sign_in(viewport=PHONE, has_touch=True, is_mobile=True)
    page.add_init_script(f"({COVERED})()")
    page.reload()
    wait_for_image(page)
    page.keyboard.press(note[0])
    box = page.locator(f"#{note}")
    for width, height in ((390, 430), (844, 220)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(f"() => ({IS_ON_TOP})(document.querySelector('#{note}'))")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.evaluate("coverBy(340)")
    found = box.bounding_box()
    assert found is not None
    assert found["y"] + found["height"] <= PHONE["height"] - 340
    assert box.evaluate(IS_ON_TOP)
    page.evaluate("coverBy(0)")
    page.wait_for_function(
        "document.querySelector('.viewer').getBoundingClientRect().bottom >"
        f" document.querySelector('#{note}').getBoundingClientRect().bottom"
    )


COMPOSED = """(field, [key, more]) => field.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }))"""


def test_keys_that_end_a_composition_close_nothing(
    site: Site, sign_in: SignIn, window: dict[str, Any]
) -> None:
    site.items(1)
    page = sign_in(**window)
    wait_for_image(page)
    for key, note in (("c", "comment"), ("e", "escalate")):
        page.keyboard.press(key)
        field = page.locator(f"#{note} textarea")
        for of_method in ({"keyCode": 229}, {"isComposing": True}):
            for composed in ("Enter", "Escape"):
                field.evaluate(COMPOSED, [composed, of_method])
                expect(field).to_be_visible()
        page.keyboard.press("Enter")
        expect(field).to_be_hidden()
