"""What somebody has begun to say of an image is there until they have answered it, and what they
take back comes back whole, in a real browser on a desk and on a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import ItemState, LabelValue, Role
from storage.models import Label
from tests.browser.conftest import PHONE, SignIn, follow_link
from tests.browser.reviewing import (
    labels_of,
    media,
    stored,
    wait_for_image,
    wait_until,
    wait_until_saved,
)
from tests.browser.test_annotation_panel import click, is_outline
from tests.browser.test_near_duplicates import alike, open_grid
from tests.web.site import Site

PLACES: dict[str, dict[str, object]] = {
    "desk": {},
    "phone": {"viewport": PHONE, "has_touch": True},
}
COMMENT = "<img src=x onerror=document.title='pwned'> the ear & „lobe“"
REASON = "a public figure"
NO_DRAFTS = (
    json.dumps({"after": "", "at": 9e15, "said": None}),
    json.dumps({"after": "", "at": 9e15, "said": {"comment": {}, "tags": 3, "regions": [None, 1]}}),
    json.dumps({"after": "", "at": 9e15, "said": {"regions": [{"shape": "polygon", "points": 9}]}}),
    json.dumps({"after": "an-answer", "at": 9e15, "said": {"comment": "of another one"}}),
    "{",  # the last one: it is cleared away
)
OUTLINE = ((0.2, 0.2), (0.7, 0.3), (0.5, 0.7))


@pytest.fixture(autouse=True)
def _tags(site: Site) -> Iterator[None]:
    site.app.policies.current()
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(tags=("face swap", "generated")))
    yield
    change_options(site.app.database, admin, ReviewOptions())


def press(page: Page, name: str, place: str) -> None:
    button = page.get_by_role("button", name=name).locator("visible=true").first
    button.tap() if place == "phone" else button.click()


def say_all(page: Page, place: str) -> None:
    """Comment, reason, a tag and an outline, by the buttons that the place has."""
    if place == "phone":
        hint = page.get_by_role("button", name="Got it")
        if hint.is_visible():
            hint.tap()
    for name, words in (("Comment", COMMENT), ("Escalate", REASON)):
        if place == "phone":
            press(page, "More", place)
        press(page, name, place)
        page.locator("textarea:visible").fill(words)
        press(page, "Done", place)
    if place == "phone":
        press(page, "More", place)
        press(page, "Look closer", place)
    press(page, "face swap", place)
    press(page, "Draw an outline", place)
    click(page, *OUTLINE, OUTLINE[0], touch=place == "phone")
    expect(page.locator("#mark-list li")).to_have_count(1)
    press(page, "Done", place)


def expect_all(page: Page) -> None:
    expect(page.locator("#comment-text")).to_have_value(COMMENT)
    expect(page.locator("#escalate-text")).to_have_value(REASON)
    expect(page.locator(".chip[aria-pressed=true]")).to_have_text(["1face swap"])
    expect(page.locator("#mark-list li")).to_have_count(1)
    expect(page.locator("#marks polygon")).to_have_count(2)  # two lines
    expect(page.locator('[data-do="comment"]')).to_have_class("has-content")
    assert page.title() != "pwned"


def expect_nothing(page: Page) -> None:
    for form in ("#comment-text", "#escalate-text"):
        expect(page.locator(form)).to_have_value("")
    expect(page.locator(".chip[aria-pressed=true]")).to_have_count(0)
    expect(page.locator("#mark-list li")).to_have_count(0)


def is_all(label: Label) -> bool:
    (region,) = label.regions or [{"shape": None, "points": None}]
    said = (label.comment, label.escalation, label.tags)
    return said == (COMMENT, REASON, ["face swap"]) and is_outline(region, *OUTLINE)


def drafts(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """[localStorage, sessionStorage].flatMap((store) => Object.keys(store))
        .filter((key) => key.includes("/draft/"))"""
    )
    return found


def comment(page: Page) -> Locator:
    return page.locator("#comment-text")


def write(page: Page, words: str) -> None:
    page.keyboard.press("c")
    comment(page).fill(words)
    page.keyboard.press("Enter")


def come_back(site: Site, page: Page, name: str) -> None:
    """Sign in by a link in the same browser."""
    token = site.app.people.make_link(name, "test")
    origin = page.evaluate("location.origin")
    follow_link(page, f"{origin}/login/link/{token}")
    page.wait_for_url("**/review/")


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


@pytest.mark.parametrize("place", PLACES)
def test_what_is_taken_back_after_a_reload_or_elsewhere_is_whole_and_so_is_the_next_answer(
    site: Site, sign_in: SignIn, place: str
) -> None:
    site.items(2)
    name = site.account()
    page = sign_in(name=name, **PLACES[place])
    first = wait_for_image(page)
    say_all(page, place)
    press(page, "Fake", place)
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    page.reload()
    wait_for_image(page, other_than=first)
    press(page, "Undo", place)
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    expect_all(page)
    press(page, "Real", place)
    wait_for_image(page, other_than=first)
    wait_until_saved(page)
    assert is_all(stored(site, first))
    elsewhere = sign_in(name=name, **PLACES[place])
    wait_for_image(elsewhere)
    elsewhere.keyboard.press("z")
    expect(elsewhere.locator("#frame img")).to_have_attribute("src", media(first))
    expect_all(elsewhere)
    elsewhere.reload()
    wait_for_image(elsewhere)
    expect_all(elsewhere)
    press(elsewhere, "Fake", place)
    wait_until_saved(elsewhere)
    assert stored(site, first).value is LabelValue.FAKE
    assert is_all(stored(site, first))


def test_what_was_changed_or_taken_out_after_an_undo_stays_so_after_a_reload(
    site: Site, sign_in: SignIn
) -> None:
    site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    write(page, "the ear")
    page.keyboard.press("f")
    other = wait_for_image(page, other_than=first)
    write(page, "begun")
    wait_until_saved(page)
    page.keyboard.press("z")
    assert wait_for_image(page, other_than=other) == first
    wait_until_saved(page)
    write(page, "both ears")
    page.reload()
    assert wait_for_image(page) == first
    expect(comment(page)).to_have_value("both ears")
    write(page, "")
    page.reload()
    assert wait_for_image(page) == first
    expect(comment(page)).to_have_value("")
    page.keyboard.press("r")
    assert wait_for_image(page, other_than=first) == other
    expect(comment(page)).to_have_value("begun")
    page.keyboard.press("s")
    wait_until_saved(page)
    assert stored(site, first).comment == ""
    assert drafts(page) == []


def test_two_answers_from_before_a_reload_come_back_one_after_the_other_each_with_its_words(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3)
    page = sign_in()
    items = [wait_for_image(page)]
    for words in ("one", "two"):
        write(page, words)
        page.keyboard.press("f")
        items.append(wait_for_image(page, other_than=items[-1]))
    wait_until_saved(page)
    write(page, "three")
    page.reload()
    assert wait_for_image(page) == items[2]
    page.keyboard.press("z")
    page.keyboard.press("z")
    for item, words in zip(items, ("one", "two", "three"), strict=True):
        expect(page.locator("#frame img")).to_have_attribute("src", media(item))
        expect(comment(page)).to_have_value(words)
        wait_until_saved(page)
        page.keyboard.press("r")
    wait_until(page, lambda: all(labels_of(site, items).values()))
    assert [stored(site, item).comment for item in items] == ["one", "two", "three"]
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


def test_an_answer_taken_back_elsewhere_goes_before_an_older_draft(
    site: Site, sign_in: SignIn
) -> None:
    """On the phone an image was answered and taken back that the desk had a draft of."""
    (item,) = site.items(1)
    name = site.account()
    page, phone = sign_in(name=name), sign_in(name=name, **PLACES["phone"])
    for each in (page, phone):
        assert wait_for_image(each) == item
    write(page, "older, from the desk")
    write(phone, "newer, from the phone")
    phone.keyboard.press("f")
    wait_until_saved(phone)
    phone.keyboard.press("z")
    wait_until_saved(phone)
    page.reload()
    wait_for_image(page)
    expect(comment(page)).to_have_value("newer, from the phone")
    write(page, "newest, from the desk")
    page.reload()
    wait_for_image(page)
    expect(comment(page)).to_have_value("newest, from the desk")


def test_an_undo_of_what_was_changed_elsewhere_brings_back_what_was_in_force(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    name = site.account()
    page = sign_in(name=name)
    first = wait_for_image(page)
    write(page, "at first")
    page.keyboard.press("f")
    wait_until_saved(page)
    of = stored(site, first).client_id
    phone = sign_in(name=name)
    changed = {"client_id": "changed-elsewhere", "of": of, "value": "real", "comment": "changed"}
    address = phone.url.replace("/review/", "/api/v1/review/change")
    assert phone.request.post(address, data=changed).ok
    page.keyboard.press("z")
    expect(comment(page)).to_have_value("changed")
    assert wait_for_image(page) == first


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


def put_in_place_of_the_draft(page: Page, text: str) -> None:
    (key,) = drafts(page)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, text])


def test_what_was_said_of_an_image_in_the_grid_goes_with_its_answer_and_comes_back(
    site: Site, sign_in: SignIn
) -> None:
    items = alike(site, 3)
    page = sign_in()
    wait_for_image(page)
    write(page, "the first")
    open_grid(page, 3)
    for key in ("a", "f", "Enter"):
        page.keyboard.press(key)
    other = wait_for_image(page, other_than=items[0])
    wait_until_saved(page)
    assert [stored(site, item).comment for item in items] == ["the first", "", ""]
    assert drafts(page) == []
    page.keyboard.press("z")
    assert wait_for_image(page, other_than=other) == items[0]
    expect(comment(page)).to_have_value("the first")
    wait_until_saved(page)
    page.reload()
    assert wait_for_image(page) == items[0]
    expect(comment(page)).to_have_value("the first")


def test_an_admins_words_on_an_escalated_image_survive_a_reload_and_an_undo(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1, ItemState.ESCALATED)
    name = site.account(Role.ADMIN)
    page = sign_in(Role.ADMIN, name=name)
    page.get_by_role("link", name="Review", exact=True).click()
    queue = page.get_by_label("Queue")
    queue.select_option("escalated")
    wait_for_image(page)
    queue.blur()
    write(page, "decided by the ear")
    page.reload()
    queue.select_option("escalated")
    assert wait_for_image(page) == item
    expect(comment(page)).to_have_value("decided by the ear")
    queue.blur()
    page.keyboard.press("f")
    wait_until_saved(page)
    page.reload()
    page.wait_for_selector("#pause:not([hidden])")
    page.keyboard.press("z")
    assert wait_for_image(page) == item
    expect(comment(page)).to_have_value("decided by the ear")


def test_an_earlier_answer_that_is_being_changed_is_a_draft_of_its_own(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    wait_for_image(page)
    write(page, "as answered")
    page.keyboard.press("f")
    wait_until_saved(page)
    open_again(page)
    write(page, "being changed")
    page.reload()
    page.wait_for_selector("#pause:not([hidden])")
    open_again(page)
    expect(comment(page)).to_have_value("being changed")
    page.keyboard.press("s")  # it stays as it was
    assert drafts(page) == []
    open_again(page)
    expect(comment(page)).to_have_value("as answered")
    assert stored(site, item).comment == "as answered"


def open_again(page: Page) -> None:
    page.keyboard.press("h")
    page.locator("#recent button.again").first.click()
    wait_for_image(page)
