"""What a person does who begins to say something of an image, and what they find."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from storage.models import Label
from tests.browser.conftest import PHONE, follow_link
from tests.browser.reviewing import (
    wait_for_image,
)
from tests.browser.test_annotation_panel import click, is_outline
from tests.web.site import Site

PLACES: dict[str, dict[str, object]] = {
    "desk": {},
    "phone": {"viewport": PHONE, "has_touch": True},
}


COMMENT = "<img src=x onerror=document.title='pwned'> the ear & „lobe“"


REASON = "a public figure"


OUTLINE = ((0.2, 0.2), (0.7, 0.3), (0.5, 0.7))


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


def put_in_place_of_the_draft(page: Page, text: str) -> None:
    (key,) = drafts(page)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, text])


def open_again(page: Page) -> None:
    page.keyboard.press("h")
    page.locator("#recent button.again").first.click()
    wait_for_image(page)
