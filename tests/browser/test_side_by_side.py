"""A view beside the image: one look at both, moved as one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, SignIn
from tests.browser.looks import SIZES, flaws
from tests.browser.reviewing import wait_for_image
from tests.browser.test_zoom_panel import lens, panel, zoomed
from tests.web.site import Site

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def box(page: Page, place: str) -> Box:
    found = page.locator(place).bounding_box()
    assert found is not None
    left, top = found["x"], found["y"]
    return left, top, left + found["width"], top + found["height"]


def test_v_puts_the_view_beside_the_image_and_is_remembered(site: Site, sign_in: SignIn) -> None:
    site.items(3)
    page = sign_in()
    first = wait_for_image(page)
    alone = box(page, "#frame")
    page.keyboard.press("v")
    expect(lens(page)).to_be_visible()
    expect(page.locator("#frame img")).to_be_visible()
    expect(panel(page).get_by_role("button", name="Error level")).to_have_attribute(
        "aria-pressed", "true"
    )
    image, view = box(page, "#frame"), box(page, "#lens")
    assert image[2] < view[0], "side by side"
    assert (image[1], image[3]) == (view[1], view[3])
    assert (image[0], view[2]) == pytest.approx((alone[0], alone[2]))
    page.keyboard.press("2")
    expect(lens(page)).to_have_attribute("alt", "Noise of: The image to judge")
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    assert box(page, "#frame") == alone, "the next image is judged by itself first"
    page.reload()
    wait_for_image(page)
    page.keyboard.press("2")
    expect(lens(page)).to_be_visible()
    expect(page.locator("#frame img")).to_be_visible()
    page.keyboard.press("v")
    expect(page.locator("#frame img")).to_be_hidden()
    assert box(page, "#lens") == box(page, "#frame") == alone


def test_zoom_over_either_moves_both_and_marks_lie_on_the_image(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("v")
    expect(lens(page)).to_be_visible()
    left, top, right, bottom = box(page, "#lens")
    place = (left + (right - left) / 4, top + (bottom - top) / 2)
    page.mouse.move(*place)
    page.mouse.wheel(0, -400)
    expect(page.locator(".viewer.is-zoomed")).to_be_attached()
    assert zoomed(page) > 1
    transforms = page.evaluate(
        """() => ["#frame img", "#lens img"].map(
          (one) => getComputedStyle(document.querySelector(one)).transform)"""
    )
    assert transforms[0] == transforms[1] != "none"
    pan = page.evaluate("document.querySelector('.viewer').style.getPropertyValue('--pan-x')")
    assert float(pan.removesuffix("px")) > 0, "what was pointed at, left of the middle, stayed"
    page.keyboard.press("0")
    page.keyboard.press("m")
    assert box(page, "#marks") == box(page, "#frame")
    left, top, right, bottom = box(page, "#frame")
    x, y = (left + right) / 2, (top + bottom) / 2
    page.mouse.move(x - 20, y - 20)
    page.mouse.down()
    page.mouse.move(x + 20, y + 20, steps=3)
    page.mouse.up()
    expect(page.locator("#mark-list li")).to_have_count(1)
    drawn = page.locator("#marks polygon").first.bounding_box()
    assert drawn is not None
    assert (drawn["x"], drawn["y"]) == pytest.approx((x - 20, y - 20), abs=3)


def test_what_is_wide_has_the_view_below_where_there_is_more_room(
    site: Site, sign_in: SignIn
) -> None:
    site.items(1)
    page = sign_in(viewport=PHONE)
    wait_for_image(page)
    page.keyboard.press("v")
    expect(lens(page)).to_be_visible()
    page.keyboard.press("l")  # the sheet with the words goes, and leaves more room
    image, view = box(page, "#frame"), box(page, "#lens")
    assert image[3] < view[1], "one above the other"
    assert (image[0], image[2]) == (view[0], view[2])
    page.set_viewport_size({"width": DESKTOP["width"], "height": 500})
    expect(page.locator(".viewer.is-stacked")).to_have_count(0)
    image, view = box(page, "#frame"), box(page, "#lens")
    assert image[2] < view[0]


@pytest.mark.parametrize("size", SIZES)
def test_both_together_shut_nobody_out(site: Site, sign_in: SignIn, size: str) -> None:
    site.items(1)
    page = sign_in(viewport=SIZES[size])
    wait_for_image(page)
    page.keyboard.press("v")
    expect(lens(page)).to_be_visible()
    assert flaws(page, f"side-by-side-{size}") == []
