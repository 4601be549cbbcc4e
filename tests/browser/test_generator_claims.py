"""That a file says a generator made it: when a reviewer's page tells, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES, keep_picture, resize
from tests.browser.reviewing import wait_for_image, wait_until_saved
from tests.web.site import Site
from tests.web.test_claims_told import CAMERA, WORKFLOW

LINE = "This file says that a generator made it: ComfyUI. That is plain text in the file"


def open_panel(page: Page) -> None:
    if not page.locator("#zoom-panel").is_visible():
        page.keyboard.press("l")


def file_says(page: Page) -> None:
    open_panel(page)
    page.locator("#file-says summary").click()
    expect(page.locator("#file-says dl")).to_contain_text("Camera works")


def test_a_reviewer_reads_it_after_the_answer_and_before_it_where_an_admin_chose_so(
    site: Site, sign_in: SignIn
) -> None:
    first, second, _ = site.items(3, decided=True)
    with site.app.database.write() as repos:
        for item in repos.items.get_many([first, second]):
            item.image.file_metadata = CAMERA | {"text": {"workflow": WORKFLOW}}
    site.factory.review_options(claim_before_answer=False, reveal="after_label")
    page = sign_in()
    assert wait_for_image(page) == first
    file_says(page)
    assert "ComfyUI" not in page.content()
    assert "KSampler" not in page.content()
    page.keyboard.press("r")
    wait_until_saved(page)
    expect(page.locator("#previous-text")).to_contain_text(LINE)
    wait_for_image(page, other_than=first)
    assert "KSampler" not in page.content()

    site.factory.review_options(claim_before_answer=True)
    page.locator("#file-says summary").click()
    page.locator("#file-says summary").click()
    rows = page.locator("#file-says dl > div")
    for size in SIZES:
        resize(page, size)
        open_panel(page)
        expect(rows.first).to_be_visible()
        expect(rows.first).to_contain_text(LINE)
        expect(rows.filter(has_text="KSampler")).to_have_count(1)
        assert barriers(page) == []
        assert not sticks_out(page)
        keep_picture(page, f"claim-{size}")
    site.factory.review_options(claim_before_answer=False)
