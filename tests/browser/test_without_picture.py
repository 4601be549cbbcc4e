"""Reviewing images that are not stored here: what they are known by is shown, whatever it says."""

from __future__ import annotations

from secrets import token_hex

from playwright.sync_api import expect

from storage.enums import LabelValue
from tests.browser.conftest import SignIn
from tests.browser.looks import flaws_large_and_small
from tests.browser.reviewing import labels_of, wait_for_image, wait_until_saved
from tests.factories import NO_PICTURE
from tests.web.site import Site

# It says "Copied" for a moment only, which a busy machine may miss by looking now and then.
REMEMBER_WHAT_IT_SAYS = """(button) => {
  window.said = [];
  new MutationObserver(() => said.push(button.textContent)).observe(button, { childList: true });
}"""


def new_hash() -> str:
    """A hash that no image has: the database outlives a test."""
    return token_hex(32)


def elsewhere(site: Site, rank: float, **identity: str) -> int:
    """The id of an item without a picture; low ranks are handed out first."""
    image = NO_PICTURE | identity
    return site.factory.item(image=image, rank=rank - 1e9, decided=True, name="told in no place")


def test_images_without_a_picture_are_labelled_by_keyboard_among_others(
    site: Site, sign_in: SignIn
) -> None:
    sha256 = new_hash()
    items = [elsewhere(site, 0, path="cases/7/a b.jpg"), elsewhere(site, 1, sha256=sha256)]
    with_picture = site.items(1)
    page = sign_in()
    expect(page.get_by_text("This image is not stored here.")).to_be_visible()
    expect(page.locator("#frame code")).to_have_text(["cases/7/a b.jpg"])
    page.keyboard.press("f")
    expect(page.locator("#frame code")).to_have_text([sha256])
    page.keyboard.press("r")
    assert wait_for_image(page) == with_picture[0]
    page.keyboard.press("z")
    expect(page.locator("#frame code")).to_have_text([sha256])
    page.keyboard.press("u")
    wait_until_saved(page)
    assert labels_of(site, items) == {items[0]: [LabelValue.FAKE], items[1]: [LabelValue.UNSURE]}
    assert "told in no place" not in page.content()


def test_a_path_is_text_whatever_it_says_and_is_copied_to_the_letter(
    site: Site, sign_in: SignIn
) -> None:
    path = 'a/<img src=x onerror="document.title=1">&amp;\u202egpj.exe\u0007 \U0001f600.png'
    elsewhere(site, 0, path=path)
    page = sign_in(permissions=["clipboard-read", "clipboard-write"])
    shown = page.locator("#frame code")
    expect(shown).to_contain_text('<img src=x onerror="document.title=1">&amp;')
    expect(shown).to_contain_text("‹U+202E›gpj.exe‹U+0007›")
    assert page.locator("#frame img").count() == 0
    assert page.title() != "1"
    button = page.get_by_role("button", name="Copy Path")
    button.evaluate(REMEMBER_WHAT_IT_SAYS)
    button.click()
    page.wait_for_function("said.includes('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == path


def test_it_looks_right(site: Site, sign_in: SignIn) -> None:
    long = "archive/" + "a-very-long-name-without-a-space" * 20 + ".jpg"
    sha256 = new_hash()
    elsewhere(site, 0, path=long, sha256=sha256)
    page = sign_in()
    expect(page.locator("#frame code")).to_have_text([long, sha256])
    page.get_by_role("button", name="Got it").click()
    assert flaws_large_and_small(page, "review-without-picture") == []
