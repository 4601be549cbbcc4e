"""Images that look alike, chosen in a grid and answered together, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from storage.enums import ClaimOutcome, LabelValue
from tests.browser.conftest import SignIn
from tests.browser.looks import SIZES, flaws
from tests.browser.reviewing import labels_of, media, wait_for_image, wait_until_saved
from tests.web.site import Site

FAKE, REAL = LabelValue.FAKE, LabelValue.REAL


def alike(site: Site, n: int) -> list[int]:
    """``n`` items that look alike, at the front of the queue, and more than enough others."""
    site.items(60)
    items = site.items(n)
    with site.app.database.write() as repos:
        first, *others = repos.items.get_many(items)
        for item in others:
            item.duplicate_group_id = first.image_id
            item.rank = 10_000.0
    return items


def button(page: Page) -> Locator:
    return page.locator("#alike")


def images(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Images").get_by_role("option")


def covers(one: Locator, other: Locator) -> bool:
    """Whether any of ``other`` lies under ``one``."""
    over, under = one.bounding_box(), other.bounding_box()
    assert over is not None
    assert under is not None
    beside = over["x"] >= under["x"] + under["width"] or under["x"] >= over["x"] + over["width"]
    below = over["y"] >= under["y"] + under["height"] or under["y"] >= over["y"] + over["height"]
    return not (beside or below)


def open_grid(page: Page, n: int) -> None:
    wait_for_image(page)
    page.keyboard.press("g")
    expect(images(page)).to_have_count(n)


def test_chosen_images_get_the_same_answer_after_one_question_and_the_others_go_back(
    site: Site, sign_in: SignIn
) -> None:
    items = alike(site, 6)
    page = sign_in()
    assert wait_for_image(page) == items[0]
    expect(button(page)).to_have_text("G5 look like it")
    open_grid(page, 6)
    calls: list[Request] = []
    page.on("request", lambda call: calls.append(call) if "/answers" in call.url else None)
    expect(page.locator("#alike-chosen")).to_have_text("1 image chosen")
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#alike-chosen")).to_have_text("5 images chosen")
    page.keyboard.press("f")
    expect(page.get_by_role("alertdialog", name="Label 5 images fake?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("alertdialog")).to_be_hidden()
    assert labels_of(site, items) == {item: [] for item in items}, "nothing is said unasked"
    page.keyboard.press("f")
    page.keyboard.press("Enter")
    expect(page.locator("#alike-dialog")).to_be_hidden()
    expect(page.locator("#previous-text")).to_have_text("Previous: you said fake of 5 images.")
    wait_until_saved(page)
    spared = items[1]
    assert labels_of(site, items) == {i: [] if i == spared else [FAKE] for i in items}
    assert len(calls) == 1, "all answers travel in one call"
    assert together_of(site, items) == [5] * 5
    assert wait_for_image(page, other_than=items[0]) not in items
    wait_until_released(page, site, spared)


def together_of(site: Site, items: list[int]) -> list[int | None]:
    """Of each answer to ``items``, how many images were answered with it."""
    with site.app.database.read() as repos:
        return [label.bulk_size for item in items for label in repos.labels.in_force(item)]


def wait_until_released(page: Page, site: Site, item_id: int) -> None:
    for _ in range(200):
        with site.app.database.read() as repos:
            if not repos.claims.live_on(item_id):
                return
        page.wait_for_timeout(100)
    pytest.fail(f"item {item_id} did not go back to the queue")


def test_undo_takes_all_of_them_back_at_once(site: Site, sign_in: SignIn) -> None:
    items = alike(site, 4)
    page = sign_in()
    open_grid(page, 4)
    for key in ("a", "r", "Enter"):
        page.keyboard.press(key)
    other = wait_for_image(page, other_than=items[0])
    wait_until_saved(page)
    page.keyboard.press("u")
    later = wait_for_image(page, other_than=other)
    page.keyboard.press("z")
    assert wait_for_image(page, other_than=later) == other
    page.keyboard.press("z")
    expect(page.locator("#previous-text")).to_have_text("4 answers taken back. Answer again.")
    assert wait_for_image(page, other_than=other) == items[0]
    wait_until_saved(page)
    assert labels_of(site, items) == {item: [] for item in items}
    page.keyboard.press("f")
    wait_for_image(page, other_than=items[0])
    wait_until_saved(page)
    assert labels_of(site, items[:1]) == {items[0]: [FAKE]}
    assert together_of(site, items[:1]) == [None], "answered again, it is a look at one image"


def test_an_image_that_alone_was_chosen_in_the_grid_is_answered_like_any_other(
    site: Site, sign_in: SignIn
) -> None:
    items = alike(site, 3)
    page = sign_in()
    open_grid(page, 3)
    for key in ("f", "Enter"):
        page.keyboard.press(key)
    wait_for_image(page, other_than=items[0])
    wait_until_saved(page)
    assert labels_of(site, items[:1]) == {items[0]: [FAKE]}
    assert together_of(site, items) == [None]


def test_closing_the_grid_gives_all_but_the_image_on_show_back(site: Site, sign_in: SignIn) -> None:
    items = alike(site, 5)
    page = sign_in()
    open_grid(page, 5)
    page.keyboard.press("Escape")
    expect(page.locator("#alike-dialog")).to_be_hidden()
    for item in items[1:]:
        wait_until_released(page, site, item)
    assert wait_for_image(page) == items[0]
    with site.app.database.read() as repos:
        assert len(repos.claims.live_on(items[0])) == 1


def test_without_anything_alike_there_is_no_button_and_the_key_says_so(
    site: Site, sign_in: SignIn
) -> None:
    site.items(3)
    page = sign_in()
    wait_for_image(page)
    expect(button(page)).to_be_hidden()
    page.keyboard.press("g")
    expect(page.locator("#alike-state")).to_have_text(
        "Nothing else that waits looks like this image."
    )
    page.keyboard.press("g")
    expect(page.locator("#alike-dialog")).to_be_hidden()


def test_an_image_can_be_looked_at_large_and_veils_hold_in_the_grid(
    site: Site, sign_in: SignIn
) -> None:
    site.factory.review_options(veil="blur")
    items = alike(site, 3)
    page = sign_in()
    open_grid(page, 3)
    small = images(page).nth(1).locator("img")
    assert small.evaluate("image => getComputedStyle(image).filter") == "blur(6px)"
    page.keyboard.press("b")
    assert small.evaluate("image => getComputedStyle(image).filter") == "none"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    large = page.locator("#alike-dialog .large img")
    expect(large).to_have_attribute("src", media(items[1]))
    page.keyboard.press("ArrowRight")
    expect(large).to_have_attribute("src", media(items[2]))
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(images(page)).to_have_count(3)
    site.factory.review_options(veil="none")


@pytest.mark.parametrize("size", SIZES)
def test_the_grid_shuts_nobody_out_and_a_finger_is_enough(
    site: Site, sign_in: SignIn, size: str
) -> None:
    items = alike(site, 9)
    page = sign_in(viewport=SIZES[size], has_touch=size == "phone")
    wait_for_image(page)
    assert not covers(button(page), page.locator("#frame img"))
    assert flaws(page, f"alike-offer-{size}") == []
    press = Locator.tap if size == "phone" else Locator.click
    press(button(page))
    expect(images(page)).to_have_count(9)
    press(images(page).nth(2))
    expect(images(page).nth(2).locator("img")).to_have_js_property("complete", True)
    assert flaws(page, f"alike-{size}") == []
    press(page.locator("#alike-dialog").get_by_role("button", name="Real"))
    assert flaws(page, f"alike-question-{size}") == []
    press(page.get_by_role("button", name="Yes, label"))
    wait_until_saved(page)
    said = [items[0], items[2]]
    assert labels_of(site, items) == {i: [REAL] if i in said else [] for i in items}
    with site.app.database.read() as repos:
        user = repos.labels.in_force(items[0])[0].user_id
        claim = repos.claims.last_of(user, items[2])
        assert claim is not None
        assert claim.outcome is ClaimOutcome.LABELLED
