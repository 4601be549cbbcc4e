"""Deciding what people could not settle, in a real browser: what everybody said, side by side."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Locator, Page, expect

from review_app.policy.review_options import ReviewOptions, change_options
from review_app.review.regions import Region
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.reviewing import state_of, wait_for_image, wait_until_saved
from tests.web.site import Site

EAR = Region.model_validate({"shape": "rectangle", "points": [[0.1, 0.2], [0.3, 0.5]]})
_numbers = itertools.count()


def disagreement(site: Site) -> int:
    """An item of which one reviewer says real, and another fake, with all that can be said."""
    _, admin = site.signed_in(Role.ADMIN)
    site.app.policies.current()
    change_options(site.app.database, admin, ReviewOptions())
    (item,) = site.items(1)
    _, first = site.signed_in()
    site.app.review.take(first)
    site.app.review.label(
        first,
        AnswerInput(
            client_id=f"statement-{next(_numbers):04}",
            item_id=site.handle(item),
            value=LabelValue.FAKE,
            comment="<b>The ear</b> has no lobe.",
            tags=("face swap", "other"),
            regions=(EAR,),
            escalation="Two people in it are known to me.",
            together=12,
        ),
    )
    assert state_of(site, item) is ItemState.ESCALATED
    return item


def escalated(sign_in: SignIn, **options: object) -> Page:
    """An admin's page with the escalated item on show."""
    page = sign_in(Role.ADMIN, at="/review/", **options)
    page.get_by_role("combobox", name="Queue").select_option("escalated")
    wait_for_image(page)
    return page


def said(page: Page) -> Locator:
    return page.get_by_role("region", name="What was said")


def test_an_admin_sees_what_was_said_and_where_and_decides(site: Site, sign_in: SignIn) -> None:
    item = disagreement(site)
    page = escalated(sign_in)
    (statement,) = said(page).get_by_role("listitem").all()
    for words in (
        "Fake",
        "<b>The ear</b> has no lobe.",
        "face swap · other",
        "One answer for 12 images that look alike",
        "Asks for a decision: Two people in it are known to me.",
    ):
        expect(statement).to_contain_text(words)
    marks = page.locator("#their-marks g")
    expect(marks).to_have_count(0)
    statement.get_by_role("button", name="Show 1 mark").click()
    expect(marks).to_have_count(1)
    box, outline = (page.locator(p).bounding_box() for p in ("#frame img", "#their-marks .over"))
    assert box is not None
    assert outline is not None
    assert outline["height"] / min(box["height"], box["width"] * 0.75) == pytest.approx(
        0.3, abs=0.02
    )
    statement.get_by_role("button", name="Show 1 mark").click()
    expect(marks).to_have_count(0)
    page.keyboard.press("r")
    expect(page.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
    expect(said(page)).to_be_hidden()
    wait_until_saved(page)
    assert state_of(site, item) is ItemState.RESOLVED


def test_reviewers_are_told_nothing_of_what_others_said(site: Site, sign_in: SignIn) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(needed_labels=2))
    (item,) = site.items(1)
    with site.app.database.write() as repos:
        row = repos.items.get(item)
        assert row is not None
        row.needed_labels = 2
    _, first = site.signed_in()
    site.app.review.take(first)
    answer = AnswerInput(
        client_id="statement-first", item_id=site.handle(item), value=LabelValue.FAKE
    )
    site.app.review.label(first, answer)
    page = sign_in()
    assert wait_for_image(page) == item
    expect(said(page)).to_be_hidden()
    change_options(site.app.database, admin, ReviewOptions())
