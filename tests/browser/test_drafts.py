"""What somebody has begun to say of an image is there until they have answered it, in a real
browser on a desk and on a phone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from storage.enums import LabelValue
from tests.browser.conftest import SignIn
from tests.browser.drafting import (
    PLACES,
    come_back,
    comment,
    drafts,
    expect_all,
    expect_nothing,
    is_all,
    press,
    put_in_place_of_the_draft,
    say_all,
    write,
)
from tests.browser.reviewing import (
    labels_of,
    stored,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.web.site import Site

pytestmark = pytest.mark.usefixtures("tags")

NO_DRAFTS = (
    json.dumps({"after": "", "at": 9e15, "said": None}),
    json.dumps({"after": "", "at": 9e15, "said": {"comment": {}, "tags": 3, "regions": [None, 1]}}),
    json.dumps({"after": "", "at": 9e15, "said": {"regions": [{"shape": "polygon", "points": 9}]}}),
    json.dumps({"after": "an-answer", "at": 9e15, "said": {"comment": "of another one"}}),
    "{",  # the last one: it is cleared away
)


@pytest.mark.parametrize("place", PLACES)
def test_what_was_begun_is_there_after_a_reload_back_and_signing_in_again_until_the_answer(
    site: Site, sign_in: SignIn, place: str
) -> None:
    items = site.items(2)
    name = site.account()
    page = sign_in(name=name, **PLACES[place])
    first = wait_for_image(page)
    say_all(page, place)
    page.reload()
    assert wait_for_image(page) == first
    expect_all(page)
    page.goto(page.url.replace("/review/", "/account"))
    page.go_back()
    assert wait_for_image(page) == first
    expect_all(page)
    page.locator("#who-name").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    come_back(site, page, site.account())
    wait_for_image(page)
    expect_nothing(page)  # somebody else's, on the same computer
    page.locator("#who-name").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    come_back(site, page, name)
    assert wait_for_image(page) == first
    expect_all(page)
    press(page, "Fake", place)
    assert wait_for_image(page, other_than=first) == next(i for i in items if i != first)
    expect_nothing(page)
    wait_until_saved(page)
    assert is_all(stored(site, first))
    assert drafts(page) == []


def test_what_was_written_after_the_session_had_ended_is_there_after_signing_in(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    name = site.account()
    page = sign_in(name=name)
    wait_for_image(page)
    page.context.clear_cookies()
    write(page, "signed out meanwhile")
    come_back(site, page, name)
    wait_for_image(page)
    expect(comment(page)).to_have_value("signed out meanwhile")


def test_two_tabs_on_the_same_image_show_what_was_said_last_in_either(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    tab = page.context.new_page()
    tab.goto(page.url)
    assert wait_for_image(tab) == item
    write(page, "in one")
    expect(comment(tab)).to_have_value("in one")
    write(tab, "in one, and in the other")
    tab.keyboard.press("t")
    tab.keyboard.press("2")
    expect(comment(page)).to_have_value("in one, and in the other")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_text(["2generated"])
    page.keyboard.press("f")
    wait_until_saved(page)
    assert stored(site, item).comment == "in one, and in the other"
    assert drafts(page) == []


@pytest.mark.parametrize("full", ["localStorage", "both"])
def test_a_browser_without_room_still_shows_what_was_begun(
    site: Site, sign_in: SignIn, full: str
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    stores = ["localStorage", *(["sessionStorage"] if full == "both" else [])]
    for store in stores:
        page.evaluate(
            """(store) => {
              for (let size = 5_000_000; size >= 1; size = Math.floor(size / 2)) {
                try { for (;;) window[store].setItem(`full-${Math.random()}`, "x".repeat(size)); }
                catch { /* a smaller piece */ }
              }
            }""",
            store,
        )
    write(page, "no room")
    if full == "localStorage":
        page.reload()
        wait_for_image(page)
        expect(comment(page)).to_have_value("no room")
    page.keyboard.press("f")
    wait_until(page, lambda: labels_of(site, [item])[item] == [LabelValue.FAKE])
    assert stored(site, item).comment == "no room"


def test_what_lies_in_the_browser_instead_of_a_draft_is_passed_over(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    write(page, "mine")
    for text in NO_DRAFTS:
        put_in_place_of_the_draft(page, text)
        page.reload()
        wait_for_image(page)
        expect_nothing(page)
    page.keyboard.press("f")
    wait_until_saved(page)
    assert stored(site, item).regions is None


def test_a_draft_that_is_too_long_is_one_that_the_server_takes(site: Site, sign_in: SignIn) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    said: dict[str, Any] = {"comment": "ä" * 10_000, "tags": [f"t{i}" for i in range(99)]}
    write(page, "mine")
    put_in_place_of_the_draft(page, json.dumps({"after": "", "at": 9e15, "said": said}))
    page.reload()
    wait_for_image(page)
    expect(comment(page)).to_have_value("ä" * 4000)
    page.keyboard.press("f")
    wait_until_saved(page)
    label = stored(site, item)
    assert (len(label.comment), len(label.tags or ())) == (4000, 20)


@pytest.mark.parametrize("way", ["pasted", "filled in"])
def test_a_comment_that_is_too_long_is_cut_in_sight_and_stored(
    site: Site, sign_in: SignIn, way: str
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("c")
    words = page.get_by_text("No more than 4,000 characters fit in here")
    expect(words).to_have_count(0)
    if way == "pasted":
        page.keyboard.insert_text("x" * 10_000)
    else:
        comment(page).fill("x" * 10_000)
    expect(words).to_be_visible()
    page.keyboard.press("Backspace")
    expect(words).to_have_count(0)
    page.keyboard.press("Enter")
    page.reload()
    wait_for_image(page)
    expect(comment(page)).to_have_value("x" * 3999)
    page.keyboard.press("f")
    wait_until_saved(page)
    assert stored(site, item).comment == "x" * 3999
