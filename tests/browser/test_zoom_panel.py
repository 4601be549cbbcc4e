"""Looking closely, in a real browser: keys, panel, zoom, light, and nothing that moves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from storage.enums import Role
from tests.browser.conftest import PHONE, SignIn
from tests.browser.looks import SIZES, flaws
from tests.browser.reviewing import media, shown_item, wait_for_image, wait_until_saved
from tests.web.site import Site


@pytest.fixture(autouse=True)
def _policy_in_force(site: Site) -> None:
    site.app.policies.current()


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Look closer")


def lens(page: Page) -> Locator:
    return page.locator("#lens img")


def style(page: Page, name: str) -> str:
    """A property that looking closely sets on the viewer."""
    value: str = page.evaluate(
        "name => document.querySelector('.viewer').style.getPropertyValue(name)", name
    )
    return value


def zoomed(page: Page) -> float:
    return float(style(page, "--zoom"))


def panned(page: Page) -> tuple[float, float]:
    """Pixels that the image is moved right and down by; what the wheel points at is rounded."""
    right, down = (float(style(page, name).removesuffix("px")) for name in ("--pan-x", "--pan-y"))
    return right, down


def test_keys_show_the_views_and_space_held_the_original(site: Site, sign_in: SignIn) -> None:
    item = site.items(2)[0]
    page = sign_in()
    assert wait_for_image(page) == item
    for key, title in (
        ("1", "Error level"),
        ("2", "Noise"),
        ("3", "Spectrum"),
        ("4", "JPEG ghost"),
    ):
        page.keyboard.press(key)
        expect(lens(page)).to_have_attribute("alt", re.compile(f"^{title} of: "))
        expect(lens(page)).to_be_visible()
        expect(page.locator("#frame img")).to_be_hidden()
        pressed = panel(page).get_by_role("button", pressed=True)
        expect(pressed).to_contain_text(title)
    expect(panel(page).get_by_text("no proof of editing")).to_have_count(2)
    page.keyboard.down(" ")
    expect(page.locator("#frame img")).to_be_visible()
    expect(lens(page)).to_be_hidden()
    page.keyboard.up(" ")
    expect(lens(page)).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator("#frame img")).to_be_visible()
    expect(lens(page)).to_have_count(0)
    assert shown_item(page) == item


def test_where_the_detector_looked_waits_for_the_answer(site: Site, sign_in: SignIn) -> None:
    first = site.items(2, decided=True)[0]
    page = sign_in()
    assert wait_for_image(page) == first
    page.keyboard.press("5")
    expect(page.locator("#zoom-panel-said")).to_contain_text("shown after your own answer")
    expect(lens(page)).to_have_count(0)
    page.keyboard.press("r")
    wait_until_saved(page)
    wait_for_image(page, other_than=first)
    expect(page.locator("#zoom-panel-said")).to_have_text("")
    page.keyboard.press("z")
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    wait_until_saved(page)
    page.keyboard.press("5")
    expect(lens(page)).to_have_attribute("alt", re.compile("^Saliency"), timeout=60_000)


def test_zoom_by_keys_wheel_drag_and_arrows(site: Site, sign_in: SignIn) -> None:
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    level = page.locator("#zoom-level")
    expect(level).to_have_text("Fit")
    page.keyboard.press("+")
    expect(level).to_have_text(re.compile(r"^\d+%$"))
    by_key = zoomed(page)
    box = page.locator(".viewer").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        "before => Number("
        "document.querySelector('.viewer').style.getPropertyValue('--zoom')) > before",
        arg=by_key,
    )
    page.mouse.down()
    page.mouse.move(middle[0] + 50, middle[1] + 30)
    page.mouse.up()
    assert panned(page) == pytest.approx((50, 30), abs=3)
    page.keyboard.press("ArrowRight")
    assert panned(page) == pytest.approx((-30, 30), abs=3)
    for _ in range(12):
        page.keyboard.press("+")
    expect(page.locator(".viewer")).to_have_class(re.compile("shows-pixels"))
    page.keyboard.press("0")
    expect(level).to_have_text("Fit")
    assert (zoomed(page), *panned(page)) == (1, 0, 0)
    page.keyboard.press("-")
    assert zoomed(page) == 1, "nothing is smaller than the whole image"


def test_two_fingers_zoom(site: Site, sign_in: SignIn) -> None:
    site.items(1)
    page = sign_in(viewport=PHONE, has_touch=True)
    wait_for_image(page)
    touch = page.context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[int, int]) -> None:
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (180, 300), (220, 300))
    fingers("touchMove", (140, 300), (260, 300))
    fingers("touchEnd")
    page.wait_for_function("document.querySelector('.viewer').classList.contains('is-zoomed')")
    assert zoomed(page) == pytest.approx(3, rel=0.1)


def test_the_next_image_starts_afresh_unless_one_chose_to_keep(site: Site, sign_in: SignIn) -> None:
    site.items(4)
    page = sign_in()
    first = wait_for_image(page)
    contrast = panel(page).get_by_label("Contrast")
    page.keyboard.press("+")
    contrast.fill("150")
    assert style(page, "--adjust") == "contrast(150%)"
    page.keyboard.press("1")
    expect(lens(page)).to_be_visible()
    page.keyboard.press("f")
    second = wait_for_image(page, other_than=first)
    expect(lens(page)).to_have_count(0)
    assert (zoomed(page), style(page, "--adjust")) == (1, "none")
    panel(page).get_by_label("Keep zoom, light and colour").check()
    page.keyboard.press("+")
    contrast.fill("150")
    page.keyboard.press("f")
    wait_for_image(page, other_than=second)
    assert (zoomed(page), style(page, "--adjust")) == (1.5, "contrast(150%)")
    page.keyboard.press("n")
    assert style(page, "--adjust") == "none"
    page.reload()
    wait_for_image(page)
    expect(panel(page).get_by_label("Keep zoom, light and colour")).to_be_checked()


def test_the_panel_opens_by_key_or_button_is_remembered_and_moves_no_image(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3, decided=True)
    page = sign_in()
    first = wait_for_image(page)
    expect(panel(page)).to_be_visible()
    page.keyboard.press("l")
    expect(panel(page)).to_be_hidden()
    page.reload()
    wait_for_image(page)
    expect(panel(page)).to_be_hidden()
    page.keyboard.press("1")
    expect(panel(page)).to_be_visible()  # no view without its words
    page.keyboard.press("l")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Look closer").click()
    expect(panel(page)).to_be_visible()

    def layout() -> list[object]:
        places = (".viewer", "#zoom-panel", "#frame")
        return [page.locator(place).bounding_box() for place in places]

    before = layout()
    page.keyboard.press("2")
    expect(lens(page)).to_be_visible()
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    assert layout() == before


def test_the_file_speaks_when_asked(site: Site, sign_in: SignIn) -> None:
    item = site.items(1)[0]
    with site.app.database.write() as repos:
        row = repos.items.get(item)
        assert row is not None
        row.image.file_metadata = {"exif": {"Software": "<b>Editor</b> 1"}}
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("i")
    rows = panel(page).locator("dl")
    expect(rows).to_contain_text("EXIF Software")
    expect(rows).to_contain_text("<b>Editor</b> 1")
    expect(panel(page)).to_contain_text("a claim, never proof")


def test_a_view_that_cannot_be_had_is_told_and_the_image_stays(site: Site, sign_in: SignIn) -> None:
    item = site.items(1)[0]
    page = sign_in()
    wait_for_image(page)
    with site.app.database.read() as repos:
        row = repos.items.get(item)
        assert row is not None
        site.app.media.original(row.image.key).unlink()
    page.keyboard.press("2")
    expect(page.locator("#zoom-panel-said")).to_contain_text("The image is missing on disk")
    expect(page.locator("#frame img")).to_be_visible()


def test_admins_see_where_the_detector_looks_only_while_they_do_not_judge(
    site: Site, sign_in: SignIn
) -> None:
    item = site.items(1, decided=True)[0]
    page = sign_in(Role.ADMIN, at="/review/")
    assert wait_for_image(page) == item
    page.keyboard.press("5")
    expect(page.locator("#zoom-panel-said")).to_contain_text("shown after your own answer")


@pytest.mark.parametrize("size", SIZES)
def test_looking_closely_shuts_nobody_out(site: Site, sign_in: SignIn, size: str) -> None:
    site.items(1)
    page = sign_in(viewport=SIZES[size], reduced_motion="reduce")
    wait_for_image(page)
    if size == "phone":
        expect(panel(page)).to_be_hidden()
        page.get_by_role("button", name="More").click()
        page.get_by_role("button", name="Look closer").click()
    page.keyboard.press("1")
    expect(lens(page)).to_be_visible()
    page.keyboard.press("i")
    expect(panel(page).locator("dl")).to_contain_text("It holds no such words.")
    assert flaws(page, f"review-zoom-panel-{size}") == []
    for name in ("Real", "Fake", "Unsure"):
        expect(page.get_by_role("button", name=name, exact=False).first).to_be_in_viewport()
