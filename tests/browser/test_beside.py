"""Tags and marks on the image, in a real browser: by mouse and by keys, zoomed, and after undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from review_app.review.options import ReviewOptions, change_options
from storage.enums import Role
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import SignIn
from tests.browser.looks import SCHEMES, SIZES, keep_picture
from tests.browser.test_review import wait_for_image, wait_until_saved
from tests.browser.test_saying import stored
from tests.web.site import Site

TAGS = ("face swap", "generated", "retouched")


@pytest.fixture(autouse=True)
def _tags_that_the_admin_put_up(site: Site) -> Iterator[None]:
    site.app.policies.current()
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(tags=TAGS))
    yield
    change_options(site.app.database, admin, ReviewOptions())


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Between two points of the image as it is on the screen, in shares of its sides."""
    box = image_box(page)
    for move, (x, y) in ((page.mouse.down, start), (page.mouse.up, end)):
        at = (box["left"] + x * box["width"], box["top"] + y * box["height"])
        page.mouse.move(*at, steps=3)
        move()


def image_box(page: Page) -> dict[str, float]:
    """Where the picture itself is on the screen, without the bands beside it."""
    found: dict[str, float] = page.evaluate(
        """() => {
          const image = document.querySelector("#frame img");
          const box = image.getBoundingClientRect();
          const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
          const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
          const left = box.left + (box.width - width) / 2;
          return { left, top: box.top + (box.height - height) / 2, width, height };
        }"""
    )
    return found


def corners(region: dict[str, Any]) -> list[float]:
    assert region["shape"] == "rectangle"
    return [share for point in region["points"] for share in point]


def regions_of(site: Site, item_id: int) -> list[dict[str, Any]]:
    return stored(site, item_id).regions or []


def test_tags_are_chosen_by_digits_and_sent_with_the_answer(site: Site, sign_in: SignIn) -> None:
    first = site.items(2)[0]
    page = sign_in()
    wait_for_image(page)
    expect(page.get_by_role("button", name="face swap")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.press("1")
    page.keyboard.press("3")
    page.keyboard.press("3")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    chosen = page.locator(".chip[aria-pressed=true]")
    expect(chosen).to_have_count(2)
    page.keyboard.press("1")  # a view again
    expect(page.get_by_role("button", name="Error level")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("t")
    page.keyboard.press("f")  # an answer closes the list
    wait_for_image(page, other_than=first)
    expect(chosen).to_have_count(0)
    wait_until_saved(page)
    assert stored(site, first).tags == ["face swap", "generated"]
    page.keyboard.press("z")
    expect(page.locator("#frame img")).to_have_attribute("src", f"/media/{first}")
    expect(chosen).to_have_count(2)
    page.get_by_role("button", name="face swap").click()
    page.keyboard.press("f")
    wait_until_saved(page)
    assert stored(site, first).tags == ["generated"]


def test_without_tags_the_key_says_so(site: Site, sign_in: SignIn) -> None:
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(tags=()))
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("t")
    expect(page.locator("#said")).to_have_text("No tags are set up.")
    expect(page.locator("#tags")).to_be_hidden()


def test_marks_are_drawn_where_the_image_is_zoomed_and_moved_to(
    site: Site, sign_in: SignIn
) -> None:
    first = site.items(2)[0]
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("m")
    drag(page, (0.1, 0.2), (0.4, 0.5))
    page.keyboard.press("Escape")
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    drag(page, (0.6, 0.65), (0.5, 0.45))
    expect(page.locator("#mark-list li")).to_have_count(2)
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    expect(page.locator("#marks polygon")).to_have_count(0)
    wait_until_saved(page)
    one, other = regions_of(site, first)
    assert corners(one) == pytest.approx([0.1, 0.2, 0.4, 0.5], abs=0.01)
    assert corners(other) == pytest.approx([0.5, 0.45, 0.6, 0.65], abs=0.01)
    page.keyboard.press("z")
    expect(page.locator("#marks polygon")).to_have_count(4)  # two lines each


def test_marks_are_made_moved_sized_and_removed_by_keys(site: Site, sign_in: SignIn) -> None:
    first = site.items(1)[0]
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("m")
    page.keyboard.press("ArrowLeft")
    listed = page.locator("#mark-list li")
    expect(listed).to_have_text(re.compile(r"^\d+% from the left, 3\d% from the top"))
    before = listed.inner_text()
    page.keyboard.press("ArrowDown")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")
    assert listed.inner_text() != before
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    expect(listed).to_have_count(2)
    page.keyboard.press("Delete")
    expect(listed).to_have_count(1)
    page.keyboard.press("m")
    expect(page.locator("#mark-tools")).to_be_hidden()
    page.keyboard.press("r")
    wait_until_saved(page)
    (region,) = regions_of(site, first)
    left, top, right, bottom = corners(region)
    assert right - left > bottom - top
    assert (left + right) / 2 == pytest.approx(0.5, abs=0.1)


def test_the_list_removes_marks_and_a_click_takes_one_in_hand(site: Site, sign_in: SignIn) -> None:
    first = site.items(1)[0]
    page = sign_in()
    wait_for_image(page)
    page.get_by_role("button", name="Mark a place").click()
    drag(page, (0.1, 0.1), (0.2, 0.2))
    drag(page, (0.3, 0.3), (0.5, 0.5))
    drag(page, (0.6, 0.6), (0.8, 0.8))
    page.get_by_role("button", name="Remove mark 1").click()
    drag(page, (0.4, 0.4), (0.4, 0.4))
    expect(page.locator("#mark-list li").first).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.keyboard.press("f")
    wait_until_saved(page)
    (region,) = regions_of(site, first)
    assert corners(region) == pytest.approx([0.6, 0.6, 0.8, 0.8], abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", SIZES)
def test_tags_and_marks_shut_nobody_out(
    site: Site, sign_in: SignIn, scheme: str, size: str
) -> None:
    site.items(1)
    page = sign_in(viewport=SIZES[size], color_scheme=scheme)
    wait_for_image(page)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("t")
    page.keyboard.press("2")
    assert barriers(page) == []
    assert not sticks_out(page)
    keep_picture(page, f"review-tags-{size}-{scheme}")
    page.keyboard.press("m")
    drag(page, (0.2, 0.2), (0.5, 0.6))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    keep_picture(page, f"review-marks-{size}-{scheme}")
    assert barriers(page) == []
    assert not sticks_out(page)
