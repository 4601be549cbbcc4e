"""Long comments, reasons, names and tags push nothing away: a button shows the rest of them."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from review_app.policy.review_options import ReviewOptions, change_options
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue, Role
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import SIZES, resize
from tests.browser.reviewing import shown_item, state_of
from tests.browser.test_adjudication import escalated, said
from tests.web.serving import Serving
from tests.web.site import Site

COMMENT = "The ear has no lobe. " * 150 + "END OF COMMENT"
REASON = "Two people in it are known to me. " * 25 + "END OF REASON"
HIGH = 260
"""Pixels that no text takes before somebody asks for more, on a phone neither."""


def unfolds(place: Locator, end: str) -> None:
    """The text that has this end shows its beginning, and by the keyboard all of it, and back."""
    text = place.locator(".clamped", has_text=end)
    rest, more = text.locator(".unshown"), text.get_by_role("button")
    expect(rest).to_be_hidden()
    box = text.bounding_box()
    assert box is not None
    assert box["height"] < HIGH
    more.focus()
    place.page.keyboard.press("Enter")
    expect(rest).to_be_visible()
    expect(more).to_have_text("Show less")
    expect(more).to_be_focused()
    place.page.keyboard.press("Enter")
    expect(rest).to_be_hidden()


def test_a_long_comment_pushes_nothing_away(site: Site, serving: Serving, sign_in: SignIn) -> None:
    _, other = site.signed_in(Role.ADMIN)
    site.app.policies.current()
    change_options(site.app.database, other, ReviewOptions())
    name = site.account(Role.ADMIN)
    admin = site.app.people.person(site.token(name))
    assert admin is not None
    (item,) = site.items(1)
    site.app.review.take(admin)
    words = {"value": LabelValue.FAKE, "comment": COMMENT, "escalation": REASON}
    given = AnswerInput(client_id="long-texts", item_id=site.handle(item), **words)
    site.app.review.label(admin, given)
    assert state_of(site, item) is ItemState.ESCALATED
    with site.app.database.write() as repos:
        found = repos.items.get(item)
        assert found is not None
        found.name = found.source = "x" * 900 + ".png"

    page = escalated(sign_in, viewport=PHONE)
    page.locator("#statement-note").click()
    for size in reversed(SIZES):
        resize(page, size)
        unfolds(said(page), "END OF COMMENT")
        unfolds(said(page), "END OF REASON")
    assert shown_item(page) == item
    assert state_of(site, item) is ItemState.ESCALATED, "a key press there is no answer"

    page.goto(f"{serving.url}/admin/?tab=images&image={item}")
    record = page.get_by_role("region", name=f"Image {item}", exact=True)
    expect(record).to_be_visible()
    cell = record.get_by_role("row").filter(has_text="END OF COMMENT")
    for size in SIZES:
        resize(page, size)
        unfolds(cell, "END OF COMMENT")
        unfolds(cell, "END OF REASON")
        row = page.locator("button.found").first.bounding_box()
        assert row is not None
        assert row["height"] < HIGH
        assert barriers(page) == []
        assert not sticks_out(page)

    page = sign_in(Role.ADMIN, name, "/review/")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog", name="My answers")
    answer = dialog.get_by_role("listitem").first
    expect(answer).to_be_visible()
    for size in SIZES:
        resize(page, size)
        unfolds(answer, "END OF COMMENT")
        expect(dialog).to_be_visible()
