"""Choices of which several hold: they come through the gateway, by a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from storage.enums import JobKind, Role
from tests.browser.conftest import SignIn
from tests.browser.test_admin import open_tab
from tests.scores.files import row, write
from tests.web.site import Site


def test_an_export_of_some_labels_and_states_is_asked_for(site: Site, sign_in: SignIn) -> None:
    page = sign_in(Role.ADMIN)
    open_tab(page, "Export")
    begin = page.get_by_role("button", name="Begin the export")
    begin.click()
    expect(page.get_by_text("waits for its turn").first).to_be_visible()
    begin.click()
    expect(page.get_by_text("is just this one")).to_be_visible()
    assert len(site.app.jobs.newest(2)) == 1
    page.get_by_label("Only answered by these pseudonyms").fill("north, south")
    page.get_by_label("Only answered at this time").fill("2026-11-01")
    page.get_by_label("Only with the label").click()
    page.get_by_role("option", name="fake", exact=True).click()
    page.keyboard.press("Escape")
    begin.click()
    expect(page.get_by_text("labels: ['fake']")).to_be_visible()
    job = site.app.jobs.newest(1)[0]
    assert job.parameters["request"]["selection"] == {
        "labels": ["fake"],
        "reviewers": ["north", "south"],
        "answered_from": "2026-11-01T00:00:00+00:00",
    }


def test_detectors_are_chosen_and_fused(site: Site, sign_in: SignIn, tmp_path: Path) -> None:
    names = ("north", "south")
    scores = [row(at, 0.5, detector=name) for at in range(3) for name in names]
    site.app.scores.ingest(write(tmp_path / "scores.csv", scores), "tests")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Learning")
    for name in names:
        page.get_by_role("checkbox", name=f"external:{name}:score").check()
    page.get_by_label("Name", exact=True).fill("both")
    page.get_by_role("button", name="Fuse", exact=True).click()
    expect(page.get_by_text("makes fused:both in the background")).to_be_visible()
    job = site.app.jobs.newest(1)[0]
    assert job.kind is JobKind.FUSE
    assert job.parameters["members"] == [f"external:{name}:score" for name in names]
