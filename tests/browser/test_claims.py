"""Who holds what, seen from the page: nothing is stuck with somebody who left, and nothing that
somebody said is lost because they were slow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from review_app.policy.review_options import ReviewOptions, change_options
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.reviewing import (
    held_by_anybody,
    labels_of,
    state_of,
    wait_for_image,
    wait_until_saved,
)
from tests.web.site import Site

A_MOMENT = 0.01
"""Minutes that a lease lasts here: less than a second."""


@pytest.fixture(autouse=True)
def _policy_in_force(site: Site) -> Iterator[None]:
    site.app.policies.current()
    yield
    lease(site, ReviewOptions().lease_minutes)


def lease(site: Site, minutes: float) -> None:
    """How long claims last from now on."""
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(lease_minutes=minutes))


def test_signing_out_gives_back_all_that_was_held(site: Site, sign_in: SignIn) -> None:
    items = site.items(3)
    page = sign_in()
    wait_for_image(page)
    assert held_by_anybody(site, items) == items
    page.locator("#who-name").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login")
    assert held_by_anybody(site, items) == []
    assert wait_for_image(sign_in()) in items


def test_what_somebody_skipped_is_offered_to_others_and_never_to_them_again(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1)
    page = sign_in()
    assert wait_for_image(page) == item
    page.keyboard.press("s")
    nothing = page.get_by_role("heading", name="Nothing waits for you")
    expect(nothing).to_be_visible()
    wait_until_saved(page)
    page.reload()
    expect(nothing).to_be_visible()
    page.get_by_role("button", name="Look again").click()
    expect(nothing).to_be_visible()
    assert wait_for_image(sign_in()) == item


def held_too_long(site: Site, sign_in: SignIn) -> tuple[Page, int]:
    """A page with an image whose lease has run out, and the image's item."""
    lease(site, A_MOMENT)
    (item,) = site.items(1)
    page = sign_in()
    assert wait_for_image(page) == item
    page.wait_for_timeout(1000)
    return page, item


def test_an_answer_after_the_lease_counts_where_nobody_else_answered(
    site: Site, sign_in: SignIn
) -> None:
    page, item = held_too_long(site, sign_in)
    page.keyboard.press("f")
    wait_until_saved(page)
    assert labels_of(site, [item]) == {item: [LabelValue.FAKE]}
    assert state_of(site, item) is ItemState.RESOLVED


def test_an_answer_after_others_settled_the_image_is_kept_beside_theirs_and_told(
    site: Site, sign_in: SignIn
) -> None:
    page, item = held_too_long(site, sign_in)
    _, other = site.signed_in()
    (task,) = site.app.review.take(other)
    assert task.item_id == site.handle(item)
    given = {"client_id": "the-others-answer", "item_id": task.item_id}
    answer = AnswerInput.model_validate({**given, "value": LabelValue.REAL})
    site.app.review.label(other, answer)
    page.keyboard.press("f")
    expect(page.locator("#previous-text")).to_contain_text("yours is kept beside theirs")
    wait_until_saved(page)
    assert sorted(map(str, labels_of(site, [item])[item])) == ["fake", "real"]
    with site.app.database.read() as repos:
        row = repos.items.get(item)
        assert row is not None
        assert row.verdict is LabelValue.REAL
