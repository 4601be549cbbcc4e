"""Two admins have the same form open, one on a desk and one on a phone."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from review_app.policy.review_options import read_options
from storage.enums import Role
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import SIZES, resize
from tests.web.site import Site

HANDHELD: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}


def test_two_admins_save_the_rules_and_neither_loses_what_they_saved(
    site: Site, sign_in: SignIn
) -> None:
    site.factory.review_options(undo_minutes=5, needed_labels=1)
    ada, bo = site.account(Role.ADMIN), site.account(Role.ADMIN)
    one, other = (
        rules_of(sign_in(Role.ADMIN, who, **device)) for who, device in ((ada, {}), (bo, HANDHELD))
    )
    save(other, "Answers can be taken back", "30")
    expect(told(other)).to_contain_text("Saved.")

    save(one, "Answers per image", "2")
    expect(told(one)).to_contain_text("Saved.")
    with site.app.database.read() as repos:
        assert (read_options(repos).undo_minutes, read_options(repos).needed_labels) == (30, 2)
    expect(one.get_by_label("Answers can be taken back")).to_have_value("30")

    save(one, "Answers can be taken back", "10")
    expect(told(one)).to_contain_text("Saved.")
    save(other, "Answers can be taken back", "1")
    expect(told(other)).to_contain_text(f"Changed since by {ada}, at ")
    expect(other.get_by_label("Answers can be taken back")).to_have_value("10")
    for size in reversed(SIZES):
        resize(other, size)
        assert not sticks_out(other)
        assert barriers(other) == []
    save(other, "Answers can be taken back", "1")
    expect(told(other)).to_contain_text("Saved.")
    with site.app.database.read() as repos:
        assert read_options(repos).undo_minutes == 1


def rules_of(page: Page) -> Page:
    page.get_by_role("tab", name="Rules").first.click()
    expect(page.get_by_label("Answers can be taken back")).to_have_value("5")
    return page


def save(page: Page, label: str, value: str) -> None:
    page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Save", exact=True).click()


def told(page: Page) -> Locator:
    """What the form of the rules says last."""
    button = page.get_by_role("button", name="Save", exact=True)
    return page.locator(".card").filter(has=button).locator(".notice")
