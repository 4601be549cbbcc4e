"""Keys of one's own, in a real browser: chosen, refused where taken, kept, and given back."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from storage.enums import LabelValue
from tests.browser.conftest import SignIn, follow_link
from tests.browser.looks import flaws_large_and_small, keep_picture
from tests.browser.reviewing import shown_item, stored, wait_for_image, wait_until_saved
from tests.web.site import Site


def choose(page: Page, action: str, key: str) -> None:
    page.get_by_role("button", name=f"change: {action}").click()
    page.keyboard.press(key)


def test_a_key_of_ones_own_works_shows_on_the_button_and_is_kept(
    site: Site, sign_in: SignIn
) -> None:
    first, second = site.items(2)
    page = sign_in()
    assert wait_for_image(page) == first
    page.keyboard.press("?")
    page.get_by_role("button", name="Change keys").click()
    choose(page, "Fake", "j")
    expect(page.get_by_role("button", name="Key J, change: Fake")).to_be_focused()
    page.keyboard.press("Escape")
    fake = page.locator('[data-do="fake"]')
    expect(fake.locator("kbd")).to_have_text("J")
    expect(fake).to_have_attribute("aria-keyshortcuts", "J")
    page.keyboard.press("f")
    assert shown_item(page) == first
    page.keyboard.press("j")
    wait_until_saved(page)
    assert stored(site, first).value is LabelValue.FAKE
    page.reload()
    assert wait_for_image(page) == second
    expect(fake.locator("kbd")).to_have_text("J")
    page.keyboard.press("?")
    page.get_by_role("button", name="Change keys").click()
    page.get_by_role("button", name="As they came").click()
    page.keyboard.press("Escape")
    expect(fake.locator("kbd")).to_have_text("F")
    page.keyboard.press("f")
    wait_until_saved(page)
    assert stored(site, second).value is LabelValue.FAKE


def test_a_key_that_is_taken_or_cannot_be_used_is_refused(site: Site, sign_in: SignIn) -> None:
    item = site.items(1)[0]
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("?")
    page.get_by_role("button", name="Change keys").click()
    told = page.locator("#key-told")
    choose(page, "Fake", "r")
    expect(told).to_contain_text("R is taken. It stands for: Real")
    for key in ("F5", "ArrowUp", "Control+j", "Enter"):
        page.keyboard.press(key)
        expect(told).to_contain_text("cannot be used")
    page.keyboard.press("Escape")  # leaves the key as it is, and the list open
    expect(page.get_by_role("button", name="Key F, change: Fake")).to_be_focused()
    choose(page, "Undo", "x")
    choose(page, "Fake", "z")  # free now
    expect(told).to_have_text("Z is the key now.")
    page.keyboard.press("Escape")
    page.keyboard.press("z")
    wait_until_saved(page)
    assert stored(site, item).value is LabelValue.FAKE


def test_keys_are_ones_own(site: Site, sign_in: SignIn) -> None:
    site.items(2)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("?")
    page.get_by_role("button", name="Change keys").click()
    choose(page, "Hold to compare", "x")
    choose(page, "Skip", " ")
    page.keyboard.press("Escape")
    expect(page.locator("#compare kbd")).to_have_text("X")
    expect(page.locator('[data-do="skip"] kbd')).to_have_text("Space")
    token = site.app.people.make_link(site.account(), "test")
    follow_link(page, page.url.split("/review")[0] + f"/login/link/{token}")
    page.wait_for_url("**/review/")
    expect(page.locator("#compare kbd")).to_have_text("Space")


def test_changing_keys_shuts_nobody_out(site: Site, sign_in: SignIn) -> None:
    site.items(1)
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("?")
    keep_picture(page, "review-keys")
    page.get_by_role("button", name="Change keys").click()
    page.get_by_role("button", name="change: Skip").click()
    expect(page.locator("#key-told")).to_contain_text("Press the new key")
    assert flaws_large_and_small(page, "review-keys-change") == []


def test_a_key_chosen_in_one_tab_stays_when_another_is_chosen_in_a_second(
    site: Site, sign_in: SignIn
) -> None:
    site.items(2)
    first = sign_in()
    second = first.context.new_page()
    second.goto(first.url)
    for page, action, key in ((first, "Fake", "j"), (second, "Unsure", "k")):
        wait_for_image(page)
        page.keyboard.press("?")
        page.get_by_role("button", name="Change keys").click()
        choose(page, action, key)
        page.keyboard.press("Escape")
    for page in (first, second):  # without a reload, too
        expect(page.locator('[data-do="fake"] kbd')).to_have_text("J")
        expect(page.locator('[data-do="unsure"] kbd')).to_have_text("K")
    first.reload()
    expect(first.locator('[data-do="fake"] kbd')).to_have_text("J")
    expect(first.locator('[data-do="unsure"] kbd')).to_have_text("K")
