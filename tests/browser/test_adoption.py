"""An admin puts an external detector in force from the Certify tab."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from storage.enums import Role
from tests.browser.checks import barriers
from tests.browser.conftest import SignIn
from tests.browser.looks import keep_picture
from tests.scores.files import row, write
from tests.web.site import Site


def test_an_external_detector_is_chosen_and_put_in_force(
    site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    site.app.policies.current()
    rows = [row(1, detector=name) for name in ("theirs", "other <b>one</b>")]
    site.app.scores.ingest(write(tmp_path / "s.csv", rows), "test")
    page = sign_in(Role.ADMIN)
    page.get_by_role("tab", name="Certify").click()
    page.get_by_label("external:theirs").check()
    page.get_by_role("button", name="Adopt it…").click()
    expect(page.get_by_text("Adopt external:theirs? Auto-accept closes")).to_be_visible()
    keep_picture(page, "adopt")
    assert barriers(page) == []
    page.get_by_role("button", name="Yes, adopt").click()
    expect(page.get_by_text("is in force with external:theirs and is learning")).to_be_visible()
    assert site.app.policies.current().checkpoint == "external:theirs"
    expect(page.get_by_label("external:theirs")).to_have_count(0)
