"""Tags and marks on the image, in a real browser: by mouse and by keys, zoomed, and after undo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from review_app.policy.review_options import ReviewOptions, change_options
from storage.enums import Role
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import SIZES, flaws, keep_picture
from tests.browser.reviewing import media, stored, wait_for_image, wait_until_saved
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
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
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


def click(page: Page, *shares: tuple[float, float], touch: bool = False) -> None:
    """On points of the image, one after the other."""
    box = image_box(page)
    for x, y in shares:
        at = (box["left"] + x * box["width"], box["top"] + y * box["height"])
        (page.touchscreen.tap if touch else page.mouse.click)(*at)


def is_outline(region: dict[str, Any], *points: tuple[float, float]) -> bool:
    near = [pytest.approx(point, abs=0.01) for point in points]
    return (region["shape"], region["points"]) == ("polygon", near)


def test_an_outline_is_drawn_corner_after_corner_and_its_first_one_closes_it(
    site: Site, sign_in: SignIn
) -> None:
    first = site.items(2)[0]
    page = sign_in()
    wait_for_image(page)
    page.get_by_role("button", name="Draw an outline").click()
    click(page, (0.2, 0.2), (0.5, 0.25), (0.9, 0.9))
    expect(page.locator("#marks circle")).to_have_count(6)  # two lines each
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#marks circle")).to_have_count(4)
    click(page, (0.5, 0.6), (0.5, 0.6))  # twice at once is one
    expect(page.locator("#mark-list li")).to_have_count(0)
    click(page, (0.2, 0.2))
    expect(page.locator("#mark-list li")).to_have_text(
        re.compile("^20% from the left, 20% from the top, 30% wide, 40% high")
    )
    click(page, (0.6, 0.6), (0.8, 0.6), (0.7, 0.8))
    page.keyboard.press("Enter")
    expect(page.locator("#mark-list li")).to_have_count(2)
    page.keyboard.press("ArrowRight")  # it is in hand
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    expect(page.locator("#marks g")).to_have_count(0)
    wait_until_saved(page)
    one, other = regions_of(site, first)
    assert is_outline(one, (0.2, 0.2), (0.5, 0.25), (0.5, 0.6))
    assert 0.6 < other["points"][0][0] < 0.63, "moved by a step"
    assert (other["shape"], len(other["points"])) == ("polygon", 3)


def test_an_outline_is_drawn_by_keys_and_taken_back(site: Site, sign_in: SignIn) -> None:
    first = site.items(1)[0]
    page = sign_in()
    wait_for_image(page)
    said = page.locator("#said")
    page.keyboard.press("o")
    page.keyboard.press("Space")
    expect(said).to_have_text("Corner 1: 50% from the left, 50% from the top.")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(said).to_have_text("An outline needs three corners that enclose something.")
    page.keyboard.press("Backspace")
    expect(said).to_have_text("Corner 2 taken back.")
    page.keyboard.press("Escape")
    expect(said).to_have_text("Outline dropped.")
    expect(page.locator("#marks g")).to_have_count(0)
    for key in ("Space", "Shift+ArrowRight", "Space", "Shift+ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    keep_picture(page, "review-outline-keys")
    page.keyboard.press("Enter")
    expect(page.locator("#mark-list li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(said).to_have_text("Mark 1 set.")
    page.keyboard.press("o")
    expect(page.locator("#mark-tools")).to_be_hidden()
    page.keyboard.press("r")
    wait_until_saved(page)
    (region,) = regions_of(site, first)
    (x1, y1), (x2, y2), (x3, y3) = region["points"]
    assert (x1, y1) == pytest.approx((0.5, 0.5), abs=0.01)
    assert (x2 - x1, y2 - y1) == (pytest.approx(40 / image_width(page), abs=0.01), 0)
    assert (x3, y3 > y2) == (x2, True)


def image_width(page: Page) -> float:
    frame = page.locator(".viewer").bounding_box()
    assert frame is not None
    return min(frame["width"], frame["height"] * 4 / 3)


def test_an_outline_that_nobody_closed_counts_as_drawn_and_one_of_no_extent_does_not(
    site: Site, sign_in: SignIn
) -> None:
    items = site.items(2)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("o")
    click(page, (0.2, 0.2), (0.4, 0.2), (0.4, 0.4))
    page.keyboard.press("m")  # another way to mark
    drag(page, (0.6, 0.6), (0.8, 0.8))
    page.keyboard.press("o")
    click(page, (0.1, 0.5), (0.3, 0.5), (0.3, 0.7))
    page.keyboard.press("f")
    wait_for_image(page, other_than=items[0])
    page.keyboard.press("o")
    click(page, (0.1, 0.1), (0.3, 0.3), (0.6, 0.6))  # in a line
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("needs three corners")
    page.keyboard.press("f")
    wait_until_saved(page)
    shapes = [region["shape"] for region in regions_of(site, items[0])]
    assert shapes == ["polygon", "rectangle", "polygon"]
    assert regions_of(site, items[1]) == []


def test_an_outline_is_drawn_by_finger(site: Site, sign_in: SignIn) -> None:
    item = site.items(1)[0]
    page = sign_in(viewport=PHONE, has_touch=True)
    wait_for_image(page)
    page.get_by_role("button", name="Got it").tap()
    page.get_by_role("button", name="More").tap()
    page.get_by_role("button", name="Look closer").tap()
    page.get_by_role("button", name="Draw an outline").tap()
    click(page, (0.2, 0.2), (0.7, 0.3), (0.5, 0.7), touch=True)
    keep_picture(page, "review-outline-phone")
    assert barriers(page) == []
    assert not sticks_out(page)
    click(page, (0.22, 0.22), touch=True)
    expect(page.locator("#mark-list li")).to_have_count(1)
    page.get_by_role("button", name="Done").tap()
    page.get_by_role("button", name="Fake").tap()
    wait_until_saved(page)
    (region,) = regions_of(site, item)
    assert is_outline(region, (0.2, 0.2), (0.7, 0.3), (0.5, 0.7))


@pytest.mark.parametrize("size", SIZES)
def test_tags_and_marks_shut_nobody_out(site: Site, sign_in: SignIn, size: str) -> None:
    site.items(1)
    page = sign_in(viewport=SIZES[size])
    wait_for_image(page)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("t")
    page.keyboard.press("2")
    assert flaws(page, f"review-tags-{size}") == []
    page.keyboard.press("m")
    drag(page, (0.2, 0.2), (0.5, 0.6))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    assert flaws(page, f"review-marks-{size}") == []
    page.keyboard.press("o")
    click(page, (0.5, 0.1), (0.9, 0.2))
    page.keyboard.press("Shift+ArrowDown")
    assert flaws(page, f"review-outline-{size}") == []
