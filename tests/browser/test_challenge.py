"""An admin reads a comparison, promotes the challenger, and goes back, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from review_app.policy.policy import Policy
from storage.enums import PolicyState, Role
from storage.repositories.held_out import HeadOf
from tests.applications import LOOSE
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import keep_picture
from tests.browser.test_admin import open_tab
from tests.learning.places import NEW, OLD, write_pair
from tests.web.site import Site


@pytest.fixture
def certified(site: Site, tmp_path: Path) -> Policy:
    """The old detector, certified, and another one that has been compared with it."""
    _, admin = site.signed_in(Role.ADMIN)
    site.app.scores.ingest(write_pair(tmp_path / "scores.csv", new=0.97), "test")
    site.app.policies.adopt(admin, OLD, "score", "to begin with")
    policy = site.app.policies.certify(admin, *LOOSE, audit_probability=0.0)
    pictured = site.items(2)
    for item_id in pictured:
        values = {"policy_version": policy.version, "checkpoint_id": OLD, "head": "score"}
        site.factory.decision(item_id, route="accept_real", **values)
        for name, p in ((OLD, 0.1), (NEW, 0.95)):
            site.factory.prediction(item_id, checkpoint_id=name, head="score", p_fake=p)
    site.app.challenges.compare(HeadOf(NEW, "score"))
    return policy


def press(page: Page, name: str) -> None:
    """By the keyboard alone."""
    page.get_by_role("button", name=name, exact=True).focus()
    page.keyboard.press("Enter")


def test_an_admin_reads_promotes_certifies_and_goes_back(
    site: Site, sign_in: SignIn, certified: Policy
) -> None:
    page = sign_in(Role.ADMIN)
    open_tab(page, "Learning")
    expect(page.get_by_text(f"In force: {OLD}, certified.")).to_be_visible()
    expect(page.get_by_text("Promote external:new: on 314 labels")).to_be_visible()
    expect(page.get_by_role("img", name="source phones:")).to_be_visible()
    expect(page.locator(".flips img").first).to_be_visible()
    assert barriers(page) == []
    keep_picture(page, "comparison", whole=True)

    page.get_by_label("Reason, kept in the log").fill("it knows scans")
    press(page, "Promote")
    expect(page.get_by_text("that try would be number 2")).to_be_visible()
    assert barriers(page) == []
    press(page, "Yes, promote it")
    expect(page.get_by_text(f"is in force with {NEW} and is learning")).to_be_visible()
    expect(page.get_by_text(f"In force: {NEW}, learning. Before it: {OLD}.")).to_be_visible()
    now = site.app.policies.current()
    assert (now.checkpoint, now.state) == (NEW, PolicyState.LEARNING)
    assert site.app.policies.history()[0].note == "it knows scans"

    press(page, "Roll back")
    asked = page.get_by_text(f"Go back to {OLD}? It starts closed")
    expect(asked).to_contain_text(f"Its version {certified.version} said:")
    press(page, "Yes, roll back")
    expect(page.get_by_text("Its old certificate does not count any more")).to_be_visible()
    now = site.app.policies.current()
    assert (now.checkpoint, now.state, now.certificates) == (OLD, PolicyState.LEARNING, ())
    lineage = page.get_by_role("region", name="Lineage")
    expect(lineage.get_by_role("row").filter(has_text=NEW)).to_contain_text("was in force")


def test_a_page_that_is_old_promotes_nothing_and_a_phone_shows_it_all(
    site: Site, sign_in: SignIn, certified: Policy
) -> None:
    page = sign_in(Role.ADMIN, viewport=PHONE)
    open_tab(page, "Learning")
    expect(page.get_by_text("Promote external:new: on 314 labels")).to_be_visible()
    assert not sticks_out(page)
    assert barriers(page) == []
    _, other = site.signed_in(Role.ADMIN)
    site.app.policies.suspend(other, "looked odd")
    press(page, "Promote")
    expect(page.get_by_text(other.name)).to_be_visible()
    assert site.app.policies.current().checkpoint == OLD


def test_who_has_promoted_can_certify_at_once(
    site: Site, sign_in: SignIn, certified: Policy
) -> None:
    page = sign_in(Role.ADMIN)
    open_tab(page, "Policy")
    told = page.locator(".certificate")
    expect(told).to_contain_text("Auto-accept is on")
    open_tab(page, "Learning")
    press(page, "Promote")
    press(page, "Yes, promote it")
    # Behind the tab that is open: before anybody can press there.
    expect(told).to_contain_text("learning")
    open_tab(page, "Certify")
    page.get_by_label("Risk limit").fill("20")
    page.get_by_role("button", name="Certify and apply").click()
    expect(page.get_by_text("to certify this detector;")).to_be_visible()
