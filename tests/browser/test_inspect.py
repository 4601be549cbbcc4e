"""The Inspect page in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from storage.enums import Role
from tests.browser.checks import barriers
from tests.browser.conftest import SignIn
from tests.browser.looks import keep_picture
from tests.web.site import Site, picture

FIRST_READING = 150_000
"""Milliseconds: it loads the weights."""


def inspect_page(sign_in: SignIn, **options: object) -> Page:
    page = sign_in(Role.REVIEWER, **options)
    page.get_by_role("link", name="Inspect").click()
    expect(page.get_by_role("heading", name="Inspect an image")).to_be_visible()
    return page


def pick_a_sample(page: Page, samples: str = "Samples") -> None:
    page.get_by_role("list", name=samples).get_by_role("button").first.click(timeout=FIRST_READING)
    expect(page.locator(".verdict")).to_contain_text("P(fake)", timeout=FIRST_READING)


def test_a_sample_an_upload_and_a_refusal(site: Site, sign_in: SignIn, tmp_path: Path) -> None:
    page = inspect_page(sign_in)
    pick_a_sample(page)
    readings = page.get_by_role("list", name="What each head says").get_by_role("listitem")
    heads = site.app.inspector.heads()
    expect(readings).to_have_count(len(heads))

    # Heads go and come back without another reading, and the choice outlasts the image.
    page.get_by_role("checkbox", name="Linear").uncheck()
    expect(page.locator('.reading[data-head="linear"]')).to_be_hidden()
    expect(page.locator('.reading[data-head="variational"]')).to_be_visible()

    mine = tmp_path / "mine.png"
    mine.write_bytes(picture(1))
    page.locator("input[type=file]").set_input_files(mine)
    expect(page.get_by_text("mine.png · 320 × 240 pixels")).to_be_visible()
    expect(page.locator('.reading[data-head="linear"]')).to_be_hidden()
    page.get_by_role("checkbox", name="Linear").check()
    expect(page.locator('.reading[data-head="linear"]')).to_be_visible()

    bad = tmp_path / "bad.png"
    bad.write_text("<html>no image</html>")
    page.locator("input[type=file]").set_input_files(bad)
    expect(page.get_by_text("bad.png cannot be read: the content is a web page.")).to_be_visible()
    expect(page.locator(".reading")).to_have_count(0)
    left = list((site.app.settings.data_dir / "uploads").rglob("*.png"))
    assert left == []


def test_the_image_can_be_looked_at_closer_and_what_is_folded_up_is_not_drawn(
    sign_in: SignIn,
) -> None:
    page = inspect_page(sign_in)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    pick_a_sample(page)
    looks = page.get_by_role("region", name="Look closer")
    assert not [url for url in asked if "/view/" in url]
    looks.get_by_text("JPEG ghost", exact=True).click()
    image = looks.get_by_role("img", name="JPEG ghost of the image")
    page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=image.element_handle()
    )
    expect(looks.get_by_text("a part that stands out so may have been saved")).to_be_visible()
    drawn = [url for url in asked if "/view/" in url]
    assert [url.rsplit("/", 1)[1] for url in drawn] == ["ghost"]
    keep_picture(page, "inspect-closer", whole=True)
    assert barriers(page) == []
