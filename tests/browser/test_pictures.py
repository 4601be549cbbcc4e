"""A picture beside words is the picture of those words, or none: while it loads, and if it never
comes."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from storage.enums import ItemState, Role
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES
from tests.browser.reviewing import wait_for_image
from tests.browser.test_admin import open_tab
from tests.browser.test_images import find
from tests.web.site import Site


def paints(image: Locator) -> bool:
    """Whether there is a picture on the screen where the image is; those of tests are colourful.

    An image whose address was changed has no size any more, and is painted as before.
    """
    if not image.is_visible():
        return False
    pixels = np.asarray(Image.open(BytesIO(image.screenshot())).convert("HSV"), np.float64)
    return float((pixels[..., 1] > 40).mean()) > 0.3


def shows(image: Locator, item: int) -> None:
    """The image is there, and is that of the item."""
    expect(image).to_have_js_property("complete", True)
    expect(image).not_to_have_js_property("naturalWidth", 0)
    assert f"/images/{item}" in image.evaluate("image => image.currentSrc")
    assert paints(image)


def shows_nothing(image: Locator) -> None:
    expect(image).to_have_js_property("naturalWidth", 0)
    assert not paints(image)


def held(page: Page, address: str) -> list[Route]:
    """Requests for ``address``, which wait until the test lets them go on."""
    waiting: list[Route] = []
    page.route(address, lambda route: waiting.append(route))
    return waiting


def let_go(page: Page, waiting: list[Route]) -> None:
    """Let the request go on, once it has come."""
    while not waiting:
        page.wait_for_timeout(20)
    waiting[0].continue_()


@pytest.mark.parametrize("size", SIZES)
def test_a_row_and_a_record_never_show_the_picture_of_another(
    site: Site, sign_in: SignIn, size: str
) -> None:
    first, second, third = site.items(3, ItemState.RESOLVED, decided=True)
    page = sign_in(Role.ADMIN, viewport=SIZES[size])
    open_tab(page, "Images")
    find(page, f"#{first}")
    row = page.locator("button.found")
    expect(row).to_have_count(1)
    small, large = row.locator("img"), page.locator(".record img")
    shows(small, first)
    row.click()
    expect(page.get_by_role("heading", name=f"Image {first}", exact=True)).to_be_focused()
    shows(large, first)

    late_small = held(page, f"**/images/{second}/small")
    late_large = held(page, f"**/images/{second}")
    find(page, f"#{second}")
    expect(row).to_contain_text(str(second))
    shows_nothing(small)
    row.click()
    expect(page.get_by_role("heading", name=f"Image {second}", exact=True)).to_be_focused()
    shows_nothing(large)
    let_go(page, late_small)
    let_go(page, late_large)
    shows(small, second)
    shows(large, second)

    page.route(f"**/images/{third}/small", lambda route: route.abort())
    page.route(f"**/images/{third}", lambda route: route.fulfill(status=404))
    find(page, f"#{third}")
    expect(row).to_contain_text(str(third))
    row.click()
    expect(page.get_by_role("heading", name=f"Image {third}", exact=True)).to_be_focused()
    shows_nothing(small)
    shows_nothing(large)


def test_no_view_of_an_image_stands_beside_what_is_said_of_another_view(
    site: Site, sign_in: SignIn
) -> None:
    site.app.policies.current()
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    lens = page.locator("#lens img")
    page.keyboard.press("1")
    expect(lens).to_have_attribute("alt", "Error level of: The image to judge")
    late = held(page, "**/view/noise")
    page.keyboard.press("2")
    expect(page.locator('[data-about="noise"]')).to_be_visible()
    expect(lens).to_have_count(0)
    expect(page.locator("#frame img")).to_be_visible()
    let_go(page, late)
    expect(lens).to_have_attribute("alt", "Noise of: The image to judge")
