"""The admin's page in a real browser."""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from review_app.monitoring.overview import overview
from storage.enums import AuditKind, ItemState, Role
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import SignIn
from tests.browser.looks import keep_picture
from tests.web.handling import scored
from tests.web.site import Site, picture

TABS = (
    *("Overview", "Policy", "Certify", "Data", "Images", "People", "Export", "Learning"),
    *("Monitoring", "Rules"),
)
HOSTILE = "<img src=x onerror=document.title='owned'>"


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).first.click()
    expect(page.get_by_role("tab", name=name).first).to_have_attribute("aria-selected", "true")


def test_an_admin_sees_the_counts_certifies_applies_and_suspends(
    site: Site, sign_in: SignIn
) -> None:
    scored(site, 240)
    now = overview(site.app.database)
    version = (now.policy_version or 0) + 1
    page = sign_in(Role.ADMIN)
    answers = page.get_by_role("region", name="The state of things")
    expect(answers).to_contain_text("Off, learning")
    expect(answers).to_contain_text("240 images")
    expect(answers).to_contain_text(f"{now.known_labels} more labels came with the images.")
    states = page.get_by_role("list", name="Where are the images?")
    expect(states.get_by_role("listitem").filter(has_text="In review")).to_contain_text("240")
    expect(page.get_by_role("img", name="Which images is the detector sure of?")).to_be_visible()

    open_tab(page, "Policy")
    expect(page.locator(".certificate")).to_be_visible()
    open_tab(page, "Certify")
    page.get_by_label("Risk limit").fill("10")
    page.get_by_role("button", name="Forecast").click()
    forecast = page.get_by_text("Forecast, nothing is applied.")
    expect(forecast).to_contain_text("What the labels say is not looked at before a try is spent.")
    page.get_by_role("button", name="Certify and apply").focus()
    page.keyboard.press("Enter")
    price = page.get_by_text("This is try 1 to certify this detector; on the 240 labels")
    expect(price).to_contain_text("it spends 5% of the 10% chance of a wrong certificate")
    assert barriers(page) == []
    keep_picture(page, "admin-policy-price")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Yes, spend the try")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # as a double click
    expect(page.get_by_text(f"Policy version {version} is in force")).to_be_visible()
    with site.app.database.read() as repos:
        assert len(repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED)) == 1
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.get_by_role("img", name="How do coverage and errors go")).to_be_visible()
    keep_picture(page, "admin-certify-done", whole=True)
    assert barriers(page) == []
    open_tab(page, "Policy")
    expect(page.locator(".certificate")).to_contain_text("Auto-accept is on")
    expect(page.get_by_role("heading", name="Accepted as fake")).to_be_visible()  # its audits
    keep_picture(page, "admin-policy-certified", whole=True)
    assert barriers(page) == []

    question = page.get_by_text(f"Apply policy version {version} to 240 images")
    page.get_by_role("button", name="Apply to what waits").click()
    expect(question).to_be_visible()
    page.get_by_role("button", name="Cancel").first.click()
    expect(question).to_have_count(0)
    page.get_by_role("button", name="Apply to what waits").click()
    page.get_by_role("button", name="Yes, apply").click()
    expect(page.get_by_text("Of 240 images,")).to_be_visible()
    assert overview(site.app.database).states[ItemState.AUTO_ACCEPTED] > 0
    open_tab(page, "Overview")
    expect(answers).to_contain_text("Auto-accept is on. On ")  # by the timer alone
    no_gaps(page)
    open_tab(page, "Policy")

    page.get_by_label("Reason, kept in the history").fill(HOSTILE)
    page.get_by_role("button", name="Suspend auto-accept").click()
    expect(page.locator(".certificate")).to_contain_text(f"suspended ({HOSTILE})")
    open_tab(page, "Overview")
    expect(answers).to_contain_text("Off, suspended")  # by the timer alone
    assert "owned" not in page.title()


def no_gaps(page: Page) -> None:
    """The answers fill their rows, whatever the width and however much the first one says."""
    usual = page.viewport_size
    cards = page.locator(".answer").all()
    for width, rows in ((1440, 1), (1024, 3), (390, len(cards))):
        page.set_viewport_size({"width": width, "height": 900})
        keep_picture(page, f"admin-overview-{width}")
        whole = page.locator(".answers").bounding_box()
        boxes = [card.bounding_box() for card in cards]
        edges = {round(box["y"]): round(box["x"] + box["width"]) for box in boxes if box}
        assert whole is not None
        assert len(edges) == rows, width
        assert set(edges.values()) == {round(whole["x"] + whole["width"])}, width
        assert not sticks_out(page)
    assert usual is not None
    page.set_viewport_size(usual)


def test_an_admin_is_told_what_is_missing_for_a_certificate(sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN)
    open_tab(page, "Certify")
    page.get_by_label("Risk limit").fill("0.1")
    page.get_by_role("button", name="Certify and apply").click()
    problem = page.locator(".notice-problem")
    expect(problem).to_contain_text("nothing can prove a 0.1% limit at 90% confidence")
    expect(problem).to_contain_text("This was no try, and spent nothing.")
    expect(page.get_by_role("button", name="Yes, spend the try")).to_have_count(0)
    page.get_by_label("Confidence").fill("")
    page.get_by_role("button", name="Forecast").click()
    expect(problem).to_contain_text("The confidence is a number from 0 to 100 percent.")


def test_a_token_is_made_shown_once_and_revoked(site: Site, sign_in: SignIn) -> None:
    owner = site.account(Role.ADMIN)
    page = sign_in(Role.ADMIN)
    open_tab(page, "People")
    page.get_by_role("combobox", name="Acts for").click()
    page.get_by_role("option", name=owner, exact=True).click()
    page.get_by_label("What it is for").fill("nightly")
    page.get_by_role("checkbox", name="stats").check()
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text(f"The token nightly for {owner} is below.")).to_be_visible()
    secret = page.get_by_label("Token nightly: keep it").input_value()
    assert site.app.tokens.person(secret) is not None
    assert barriers(page) == []
    keep_picture(page, "admin-tokens", whole=True)
    page.get_by_role("combobox", name="Token", exact=True).click()
    page.get_by_role("option", name=f"nightly, for {owner}").click()
    page.get_by_role("button", name="Revoke…").click()
    page.get_by_role("button", name="Yes, revoke it").click()
    expect(page.get_by_text("The token nightly is revoked.")).to_be_visible()
    assert site.app.tokens.person(secret) is None


def test_people_are_added_disabled_and_enabled(site: Site, sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN)
    open_tab(page, "People")
    page.get_by_label("Name, as they will sign in").fill(HOSTILE)
    page.get_by_role("button", name="Add and make a link").click()
    link = page.get_by_label("Sign-in link for")
    expect(link).to_be_visible()
    assert "/login/link/" in link.input_value()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=HOSTILE)
    expect(row).to_contain_text("enabled")

    page.get_by_role("combobox", name="Account").click()
    page.get_by_role("option", name=HOSTILE).click()
    for done in ("disabled", "enabled"):
        page.get_by_role("button", name="Disable or enable").click()
        page.get_by_role("button", name="Yes, change their access").click()
        expect(row).to_contain_text(done)
    assert "owned" not in page.title()


def test_images_are_taken_in_and_the_labels_come_out(
    site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    good.write_bytes(picture(1))
    bad.write_text("no image")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Data")
    page.locator("input[type=file]").set_input_files([good, bad])
    expect(page.get_by_role("cell", name="good.png")).to_be_visible()
    page.get_by_role("button", name="Take in and triage").click()
    expect(page.get_by_text("1 image taken in, 1 refused.")).to_be_visible(timeout=150_000)
    expect(page.get_by_role("row").filter(has_text="bad.png")).to_contain_text("not an image")

    open_tab(page, "Export")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["path"].endswith("good.png")]
    assert row["state"] == "in_review"
