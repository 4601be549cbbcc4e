"""Uploads in a real browser: archives, what was chosen is shown, and refusals that can be read."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from storage.enums import Role
from tests.browser.conftest import SignIn
from tests.browser.looks import resize
from tests.web.site import Site, picture

MIB = 1024**2


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where a file may have a mebibyte, so a person four on each page."""
    site = Site(tmp_path_factory.mktemp("site"), max_file_mb=1, max_archive_mb=1)
    yield site
    site.close()


def data_tab(sign_in: SignIn) -> Page:
    page = sign_in(Role.ADMIN)
    page.get_by_role("tab", name="Data").click()
    return page


def left(site: Site) -> list[Path]:
    return [path for path in site.app.uploads.root.rglob("*.*") if path.is_file()]


def test_an_archive_is_taken_in_and_what_was_chosen_can_be_fetched(
    site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    archive, image = tmp_path / "more & <b>.zip", tmp_path / "a b ü.png"
    with zipfile.ZipFile(archive, "w") as images:
        images.writestr("inner.png", picture(1))
    image.write_bytes(picture(2))
    page = data_tab(sign_in)
    page.locator("input[type=file]").set_input_files([archive, image])
    link = page.locator("a[href*='gradio_api/file=']").nth(1)
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes() == image.read_bytes()
    assert str(site.app.settings.data_dir) not in page.content()
    page.get_by_role("button", name="Take in and triage").click()
    expect(page.get_by_text("2 images taken in")).to_be_visible(timeout=150_000)
    assert left(site) == []


def test_a_reload_during_an_upload_loses_nothing_of_what_was_refused(
    site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    paths = [tmp_path / "good.png", tmp_path / "bad.jpg"]
    paths[0].write_bytes(picture(100))
    paths[1].write_text("no image")
    page = sign_in(Role.ADMIN)
    page.get_by_role("tab", name="Data").click()
    page.locator("input[type=file]").set_input_files(paths)
    expect(page.get_by_role("cell", name=paths[1].name)).to_be_visible()
    with page.expect_request("**/queue/join*"):
        page.get_by_role("button", name="Take in and triage").click()
    page.reload()
    expect(page.get_by_role("tab", name="Data")).to_have_attribute("aria-selected", "true")
    refused = page.get_by_role("row").filter(has_text=paths[1].name)
    expect(refused).to_contain_text("not an image", timeout=150_000)
    expect(page.get_by_text("1 image taken in, 1 refused.")).to_be_visible()
    resize(page, "phone")
    page.reload()
    expect(refused).to_contain_text("not an image")


def test_a_file_that_is_there_no_longer_is_told_in_words(
    site: Site, sign_in: SignIn, tmp_path: Path
) -> None:
    image = tmp_path / "slow.png"
    image.write_bytes(picture(3))
    page = data_tab(sign_in)
    page.locator("input[type=file]").set_input_files([image])
    expect(page.get_by_role("cell", name="slow.png")).to_be_visible()
    for path in left(site):
        path.unlink()
    page.get_by_role("button", name="Take in and triage").click()
    expect(page.get_by_text("Choose it again.")).to_be_visible()


def test_too_much_is_told_in_words(site: Site, sign_in: SignIn, tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.png" for i in range(5)]
    for path in paths:
        path.write_bytes(b"x" * (MIB - 1000))
    page = data_tab(sign_in)
    page.locator("input[type=file]").set_input_files(paths)
    expect(page.get_by_text("This is more than may be uploaded at once (4 MiB).")).to_be_visible()
    page = data_tab(sign_in)
    page.locator("input[type=file]").set_input_files(paths[:3])
    expect(page.get_by_role("cell", name="2.png")).to_be_visible()
    page.locator("input[type=file]").first.set_input_files(paths[:2])
    expect(page.get_by_text("Your uploads take as much room")).to_be_visible()
    for path in left(site):
        path.unlink()
