"""Of an animation one frame is on the page, and the page says so; in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import DESKTOP, PHONE, SignIn
from tests.browser.looks import SIZES, keep_picture, resize
from tests.browser.reviewing import wait_for_image, wait_until_saved
from tests.browser.test_inspect import FIRST_READING, inspect_page
from tests.browser.test_near_duplicates import alike, button, images
from tests.intake.samples import encode
from tests.intake.samples import picture as image
from tests.web.site import Site

FRAMES, PAGES = "6 frames; this is the first", "3 pages; this is the first"


def says(site: Site, item_id: int, **metadata: object) -> None:
    with site.app.database.write() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        item.image.file_metadata = metadata


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_the_page_says_that_the_image_is_the_first_of_several(
    site: Site, sign_in: SignIn, viewport: dict[str, int]
) -> None:
    first, second, _ = alike(site, 3)
    says(site, first, frames=6, paged=False)
    says(site, second, frames=3, paged=True)
    page = sign_in(viewport=viewport)
    assert wait_for_image(page) == first
    note = page.locator("#frames-note")
    expect(note).to_have_text(FRAMES)
    assert page.locator(".viewer").bounding_box()["height"] > 200  # type: ignore[index]
    keep_picture(page, f"frames-{viewport['width']}")
    button(page).click()
    options = images(page)
    expect(options).to_have_count(3)
    expect(options.filter(has_text=FRAMES)).to_have_count(1)
    expect(options.filter(has_text=PAGES)).to_have_attribute("aria-label", f"Image 2 of 3, {PAGES}")
    assert barriers(page) == []
    assert not sticks_out(page)
    keep_picture(page, f"frames-grid-{viewport['width']}")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Real").click()
    wait_until_saved(page)
    wait_for_image(page, other_than=first)
    expect(note).to_be_hidden()


def test_inspect_tells_first_what_the_file_says_of_itself(sign_in: SignIn, tmp_path: Path) -> None:
    frames = [image(seed=n) for n in range(6)]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    path = tmp_path / "a.webp"
    path.write_bytes(data)
    page = inspect_page(sign_in)
    page.locator("input[type=file]").set_input_files(path)
    says = page.get_by_role("region", name="What the file says of itself")
    expect(says).to_contain_text(FRAMES, timeout=FIRST_READING)
    expect(says).to_contain_text("none: that proves nothing")
    for size in SIZES:
        resize(page, size)
        assert barriers(page) == []
        assert not sticks_out(page)
        keep_picture(page, f"inspect-says-{size}")
