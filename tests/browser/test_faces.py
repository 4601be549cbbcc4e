"""Outlines around faces, in a real browser: none unless asked for, gone with the next image."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.checks import barriers
from tests.browser.conftest import SignIn
from tests.browser.reviewing import wait_for_image, wait_until_saved
from tests.web.site import Site


@pytest.fixture(autouse=True)
def _policy_in_force(site: Site) -> None:
    site.app.policies.current()


def outlines(page: Page) -> Locator:
    return page.locator("#face-outlines polygon.over")


def said(page: Page) -> Locator:
    return page.locator("#said")


def button(page: Page) -> Locator:
    return page.get_by_role("button", name="Outline faces")


def test_a_key_outlines_faces_until_the_next_image(site: Site, sign_in: SignIn) -> None:
    first, second = site.items(2)
    boxes = [[0.1, 0.1, 0.3, 0.4, 0.99], [0.6, 0.5, 0.2, 0.2, 0.95]]
    with site.app.database.write() as repos:
        repos.faces.put_many("finder-1", {first: boxes, second: []})
    page = sign_in()
    assert wait_for_image(page) == first
    expect(outlines(page)).to_have_count(0)
    page.keyboard.press("a")
    expect(outlines(page)).to_have_count(2)
    expect(said(page)).to_have_text("2 faces are outlined.")
    expect(button(page)).to_have_attribute("aria-pressed", "true")
    large, small = (outlines(page).nth(i).bounding_box() for i in range(2))
    assert large
    assert small
    across = small["x"] - large["x"]  # shares of the image: 0.1 to 0.6, and 0.3 wide
    assert across / large["width"] == pytest.approx(0.5 / 0.3, rel=0.05)
    assert not barriers(page)
    button(page).click()
    expect(outlines(page)).to_have_count(0)
    expect(said(page)).to_have_text("The faces are not outlined any more.")
    page.keyboard.press("a")
    page.keyboard.press("r")
    wait_until_saved(page)
    assert wait_for_image(page) == second
    expect(outlines(page)).to_have_count(0)
    expect(button(page)).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("a")
    expect(said(page)).to_have_text("No face was found in this image.")
