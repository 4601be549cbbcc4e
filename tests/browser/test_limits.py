"""The page of somebody who has skipped or been handed too much: it says so, and goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import Role
from tests.browser.conftest import SignIn
from tests.browser.reviewing import labels_of, wait_for_image, wait_until, wait_until_saved
from tests.web.site import Site


@pytest.fixture(autouse=True)
def _as_before(site: Site) -> Iterator[None]:
    site.app.policies.current()
    yield
    limits(site)


def limits(site: Site, **values: float) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions.model_validate(values))


def test_a_skip_too_many_is_told_and_its_image_comes_again(site: Site, sign_in: SignIn) -> None:
    items = site.items(3)
    limits(site, skips_per_minute=1)
    page = sign_in()
    first = wait_for_image(page)
    page.keyboard.press("s")
    second = wait_for_image(page, other_than=first)
    page.keyboard.press("s")
    expect(page.locator("#previous-text")).to_contain_text("you may skip 1 image a minute")
    expect(page.locator("#aside")).to_be_hidden()
    third = wait_for_image(page, other_than=second)
    page.keyboard.press("f")
    assert wait_for_image(page, other_than=third) == second
    page.keyboard.press("r")
    wait_until_saved(page)
    wait_until(page, lambda: all(labels_of(site, [second, third]).values()))
    assert {first, second, third} == set(items)


def test_too_many_images_unanswered_are_told_with_when_it_goes_on(
    site: Site, sign_in: SignIn
) -> None:
    limits(site, new_per_hour=10)
    site.items(15)
    page = sign_in()
    item = None
    for _ in range(10):
        item = wait_for_image(page, other_than=item)
        page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Enough new images for now")).to_be_visible()
    expect(page.locator("#pause")).to_contain_text("more come in 6 minutes")
    limits(site, new_per_hour=600)
    page.locator("#pause button", has_text="Look again").click()
    wait_for_image(page)
