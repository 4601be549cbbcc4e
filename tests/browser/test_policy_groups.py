"""Certifying group by group on the admin's page, by keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from storage.enums import LabelValue, Role
from tests.applications import Deployment
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import SignIn
from tests.browser.test_admin import open_tab
from tests.web.site import Site


def test_an_admin_compares_both_kinds_and_certifies_by_source_with_keys_alone(
    site: Site, sign_in: SignIn
) -> None:
    place = Deployment(site.app, first=10_000)
    place.calibrated(n=60, source="agency", split="calibration")
    place.scored_alike(3, 1.0, LabelValue.FAKE, source="tip", split="calibration")
    site.app.triage.run("test")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Certify")
    page.get_by_label("Risk limit").fill("20")
    assert barriers(page) == []
    expect(page.get_by_role("radio", name="all images together")).to_be_checked()
    page.get_by_role("radio", name="by source").focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="by source")).to_be_checked()
    page.get_by_role("button", name="Forecast").focus()
    page.keyboard.press("Enter")
    beside = page.get_by_role("region", name="By group, beside one certificate for all")
    expect(beside).to_be_visible()
    expect(beside.get_by_role("row").filter(has_text="tip")).to_contain_text("too few labels: 3")
    expect(page.get_by_text("these groups have labels enough for a test: agency")).to_be_visible()
    assert barriers(page) == []
    page.get_by_role("button", name="Certify and apply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("to certify this detector, group by group")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Yes, spend the try")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yes, spend the try")).to_have_count(0)
    expect(page.get_by_role("radio", name="by source")).to_be_checked()
    open_tab(page, "Policy")
    proven = page.get_by_role("region", name="What is proven in each group")
    expect(proven).to_be_visible()
    expect(proven.get_by_role("row").filter(has_text="tip")).to_contain_text("to people")
    expect(page.locator(".certificate")).to_contain_text("group by group (by source)")
    assert barriers(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert not sticks_out(page)
