"""Care for whoever reviews, in a real browser: the veil over images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from review_app.review.options import ReviewOptions, Veil, change_options
from storage.enums import Role
from tests.browser.checks import barriers
from tests.browser.conftest import DESKTOP, PHONE, SignIn
from tests.browser.looks import SCHEMES, keep_picture
from tests.browser.test_review import wait_for_image
from tests.browser.test_review_looks import sticks_out
from tests.web.site import Site

SIZES = {"desktop": DESKTOP, "phone": PHONE}
HOLD_MS = 400
"""Longer than the press that shows an image."""


@pytest.fixture(autouse=True)
def _options_as_they_were(site: Site) -> Iterator[None]:
    site.app.policies.current()
    yield
    veil_for_all(site, Veil.NONE)


def veil_for_all(site: Site, veil: Veil) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(veil=veil))


def filter_of(locator: Locator) -> str:
    """What the browser does to the element's pixels."""
    found: str = locator.evaluate("element => getComputedStyle(element).filter")
    return found


def image(page: Page) -> Locator:
    return page.locator("#frame img")


def note(page: Page) -> Locator:
    return page.locator("#veil-note")


def test_a_blurred_image_says_so_is_shown_by_a_key_and_the_next_is_blurred_again(
    site: Site, sign_in: SignIn
) -> None:
    veil_for_all(site, Veil.BLUR)
    site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    assert "blur" in filter_of(image(page))
    expect(page.get_by_role("button", name="Blurred. B shows it")).to_be_visible()
    page.keyboard.press("1")
    lens = page.locator("#lens img")
    expect(lens).to_be_visible()
    assert "blur" in filter_of(lens), "a forensic view shows the same scene"
    page.keyboard.press("b")
    assert filter_of(lens) == "none"
    expect(note(page)).to_be_hidden()
    page.keyboard.press("1")
    assert filter_of(image(page)) == "none"
    page.keyboard.press("b")
    assert "blur" in filter_of(image(page))
    page.keyboard.press("b")
    page.keyboard.press("r")
    wait_for_image(page, other_than=first)
    assert "blur" in filter_of(image(page))


def test_an_image_is_shown_for_as_long_as_it_is_pressed(site: Site, sign_in: SignIn) -> None:
    veil_for_all(site, Veil.BLUR)
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    box = image(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.wait_for_timeout(HOLD_MS)
    assert filter_of(image(page)) == "none"
    page.mouse.up()
    assert "blur" in filter_of(image(page))
    note(page).click()
    assert filter_of(image(page)) == "none"


def test_without_colour_light_can_still_be_changed(site: Site, sign_in: SignIn) -> None:
    veil_for_all(site, Veil.GREYSCALE)
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    assert filter_of(page.locator("#frame")) == "grayscale(1)"
    expect(page.get_by_role("button", name="Without colour. B shows it")).to_be_visible()
    page.get_by_label("Brightness").fill("150")
    assert filter_of(image(page)) == "brightness(1.5)"
    page.keyboard.press("b")
    assert filter_of(page.locator("#frame")) == "none"
    assert filter_of(image(page)) == "brightness(1.5)"


def test_where_nothing_is_veiled_the_key_veils_this_image_alone(
    site: Site, sign_in: SignIn
) -> None:
    site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    assert filter_of(image(page)) == "none"
    expect(note(page)).to_be_hidden()
    page.keyboard.press("b")
    assert "blur" in filter_of(image(page))
    page.keyboard.press("u")
    wait_for_image(page, other_than=first)
    assert filter_of(image(page)) == "none"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_the_veil_shuts_nobody_out(site: Site, sign_in: SignIn, scheme: str, size: str) -> None:
    veil_for_all(site, Veil.BLUR)
    site.items(1)
    page = sign_in(viewport=SIZES[size], color_scheme=scheme, has_touch=size == "phone")
    wait_for_image(page)
    expect(note(page)).to_be_in_viewport()
    keep_picture(page, f"review-veil-{size}-{scheme}")
    assert barriers(page) == []
    assert not sticks_out(page)
