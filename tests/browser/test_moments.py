"""Times on pages are the reader's own, with their zone said, and UTC is behind them."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from storage.enums import Role
from tests.browser.conftest import SignIn
from tests.browser.test_admin import open_tab
from tests.web.serving import Serving
from tests.web.site import Site

TOKYO = {"timezone_id": "Asia/Tokyo", "locale": "en"}
THERE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d GMT\+9$")
HERE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d UTC$")


def test_ones_account_and_the_admins_tables_tell_the_readers_time(
    site: Site, serving: Serving, sign_in: SignIn
) -> None:
    page = sign_in(Role.ADMIN, **TOKYO)
    open_tab(page, "People")
    created = page.get_by_role("table").locator("time").first
    expect(created).to_have_text(THERE)
    expect(created).to_have_attribute("title", HERE)
    page.goto(f"{serving.url}/account")
    began = page.locator("time").first
    expect(began).to_have_text(THERE)
    hour = int(began.inner_text()[11:13])
    utc = began.get_attribute("title")
    assert utc is not None
    assert hour == (int(utc[11:13]) + 9) % 24


def test_what_is_asked_for_again_is_told_alike(site: Site, sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN, **TOKYO)
    open_tab(page, "Policy")
    page.get_by_role("button", name="Suspend auto-accept").click()
    expect(page.get_by_text("Auto-accept is closed, as policy version")).to_be_visible()
    times = page.get_by_role("table", name="Every policy version").locator("time")
    expect(times).to_have_count(2)  # the first version, and what was just asked for
    for told in times.all():
        expect(told).to_have_text(THERE)
