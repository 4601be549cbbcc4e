"""How long an image has waited, as an admin reads it while somebody answers and takes back."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import update

from storage.enums import Role
from storage.models import Item
from storage.types import utc_now
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES, resize
from tests.browser.reviewing import labels_of, wait_for_image, wait_until, wait_until_saved
from tests.web.site import Site


def test_an_image_that_was_taken_back_has_waited_as_long_as_before(
    site: Site, sign_in: SignIn
) -> None:
    (item,) = site.items(1)
    came = utc_now() - timedelta(days=3, hours=1)
    with site.app.database.write() as repos:
        repos.session.execute(update(Item).where(Item.id == item).values(state_since=came))
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("f")
    wait_until_saved(page)
    wait_until(page, lambda: bool(labels_of(site, [item])[item]))
    resize(page, "phone")
    page.keyboard.press("z")
    assert wait_for_image(page) == item
    wait_until_saved(page)
    admin = sign_in(Role.ADMIN)
    for size in SIZES:
        resize(admin, size)
        expect(admin.get_by_text("The oldest has waited")).to_contain_text("3 d 1 h")
