"""All that can be said of an image, in a real browser: answers, a comment, why an admin decides."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from storage.enums import ItemState, LabelValue
from tests.browser.checks import barriers, sticks_out
from tests.browser.conftest import DESKTOP, PHONE, SignIn
from tests.browser.looks import keep_picture
from tests.browser.reviewing import media, state_of, stored, wait_for_image, wait_until_saved
from tests.web.site import Site


def test_that_nobody_can_tell_is_an_answer(site: Site, sign_in: SignIn) -> None:
    item = site.items(1)[0]
    page = sign_in()
    wait_for_image(page)
    page.keyboard.press("d")
    expect(page.locator("#previous-text")).to_contain_text("you said undecidable")
    wait_until_saved(page)
    assert stored(site, item).value is LabelValue.UNDECIDABLE


def test_escalating_asks_for_a_reason_and_goes_with_the_answer(site: Site, sign_in: SignIn) -> None:
    items = site.items(2)
    page = sign_in()
    first = wait_for_image(page)
    page.keyboard.press("c")
    page.keyboard.type("Look at the ear.")
    page.keyboard.press("Enter")
    page.keyboard.press("e")
    expect(page.get_by_label("Why should a lead or an admin decide?")).to_be_focused()
    page.keyboard.type("A minor; may this be here?")
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    wait_for_image(page, other_than=first)
    expect(page.locator("#escalate-text")).to_have_value("")
    wait_until_saved(page)
    label = stored(site, first)
    assert (label.value, label.escalation) == (LabelValue.FAKE, "A minor; may this be here?")
    assert state_of(site, first) is ItemState.ESCALATED
    expect(page.locator("#previous-text")).to_contain_text("A lead or an admin will decide.")
    page.keyboard.press("z")
    expect(page.locator("#frame img")).to_have_attribute("src", media(first))
    wait_until_saved(page)
    assert state_of(site, first) is ItemState.IN_REVIEW
    page.keyboard.press("e")
    expect(page.locator("#escalate-text")).to_have_value("A minor; may this be here?")
    page.locator("#escalate-text").fill("")
    page.keyboard.press("Enter")
    page.keyboard.press("r")
    wait_until_saved(page)
    label = stored(site, first)
    assert (label.escalation, label.comment) == (None, "Look at the ear.")
    assert sorted(items) == items


@pytest.mark.parametrize("width", [PHONE["width"], 1024])
def test_in_a_narrow_window_all_but_the_answers_is_behind_one_button(
    site: Site, sign_in: SignIn, width: int
) -> None:
    item = site.items(1)[0]
    page = sign_in(viewport={"width": width, "height": 844}, has_touch=width < 640)
    wait_for_image(page)
    more = page.get_by_role("button", name="More")
    undecidable = page.get_by_role("button", name="Undecidable")
    expect(undecidable).to_be_hidden()
    more.click()
    expect(undecidable).to_be_visible()
    assert barriers(page) == []
    assert not sticks_out(page)
    keep_picture(page, f"review-more-{width}")
    page.keyboard.press("Escape")
    expect(undecidable).to_be_hidden()
    more.click()
    page.get_by_role("button", name="Escalate").click()
    expect(undecidable).to_be_hidden()
    page.keyboard.type("Whose picture is this?")
    assert barriers(page) == []
    page.get_by_role("button", name="Done").click()
    more.click()
    undecidable.click()
    wait_until_saved(page)
    label = stored(site, item)
    assert label.value is LabelValue.UNDECIDABLE
    assert label.escalation == "Whose picture is this?"


def test_digits_and_letters_are_found_by_their_place_on_other_keyboards(
    site: Site, sign_in: SignIn
) -> None:
    item = site.items(1)[0]
    page = sign_in(viewport=DESKTOP)
    wait_for_image(page)
    press = (
        "([key, code]) => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', { key, code, bubbles: true }))"
    )
    page.evaluate(press, ["é", "Digit2"])  # AZERTY
    noise = page.get_by_role("button", name="Noise")
    expect(noise).to_have_attribute("aria-pressed", "true")
    page.evaluate(press, ["в", "KeyD"])  # Cyrillic
    wait_until_saved(page)
    assert stored(site, item).value is LabelValue.UNDECIDABLE
