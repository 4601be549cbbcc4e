"""The Images tab in a real browser: looking an image up, and what its record tells."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from review_app.i18n import Language
from review_app.policy.review_options import ReviewOptions, Veil, change_options
from storage.enums import ItemState, LabelValue, Role
from tests.browser.conftest import SignIn
from tests.browser.looks import flaws_large_and_small
from tests.browser.test_admin import HOSTILE, open_tab
from tests.browser.test_languages import in_language, is_clean, said
from tests.languages import GERMAN, SPANISH
from tests.web.site import Site


def settled(site: Site, name: str) -> int:
    """The number of an image called ``name`` that somebody called fake, with a hostile comment."""
    (item,) = site.items(1, ItemState.RESOLVED, decided=True)
    with site.app.database.write() as repos:
        found = repos.items.get(item)
        assert found is not None
        found.name, found.verdict = name, LabelValue.FAKE
    person = site.factory.person(f"ada-{item}")
    site.factory.label(person, item, LabelValue.FAKE, comment=HOSTILE, escalation="Six toes.")
    return item


def find(page: Page, text: str) -> None:
    page.get_by_label("Number, name, path").fill(text)
    page.get_by_role("button", name="Find", exact=True).click()


def test_an_image_is_found_and_its_record_opened_by_keyboard(site: Site, sign_in: SignIn) -> None:
    name = f"{HOSTILE}-holiday.png"
    item = settled(site, name)
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    page.get_by_label("Number, name, path").fill("holiday")
    page.keyboard.press("Enter")
    row = page.get_by_role("button", name=f"{item} {name}")
    expect(row).to_be_visible()
    row.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name=f"Image {item}", exact=True)
    expect(heading).to_be_focused()
    record = page.get_by_role("region", name=f"Image {item}", exact=True)
    expect(record).to_contain_text("Likely fake")
    expect(record.get_by_role("row").filter(has_text=HOSTILE)).to_contain_text("Six toes.")
    expect(record.get_by_role("listitem").first).to_contain_text("Taken in.")
    shown = record.get_by_role("img")
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320
    assert "owned" not in page.title()


def test_a_verdict_is_corrected_after_a_question(site: Site, sign_in: SignIn) -> None:
    item, other = settled(site, "wrong.png"), settled(site, "other.png")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    find(page, ".png")
    page.get_by_role("button", name=f"{item} wrong.png").click()
    expect(page.get_by_role("heading", name=f"Image {item}", exact=True)).to_be_focused()
    correct = page.get_by_role("button", name="Correct…")
    correct.click()
    expect(page.locator(".notice-problem")).to_contain_text("Choose what the image is")
    page.get_by_role("radio", name="real", exact=True).check()
    page.get_by_label("Reason, kept on record").fill(f"The raw file came. {HOSTILE}")
    question = page.get_by_text(f"Correct image {item} from fake to real?")
    correct.click()
    expect(question).to_be_visible()
    page.get_by_role("button", name=f"{other} other.png").click()
    expect(page.get_by_role("heading", name=f"Image {other}", exact=True)).to_be_focused()
    expect(question).to_have_count(0)  # it was about the other one

    page.get_by_role("button", name=f"{item} wrong.png").click()
    expect(page.get_by_role("heading", name=f"Image {item}", exact=True)).to_be_focused()
    page.get_by_role("radio", name="real", exact=True).check()
    page.get_by_label("Reason, kept on record").fill(f"The raw file came. {HOSTILE}")
    correct.click()
    page.get_by_role("button", name="Yes, correct it").click()
    expect(page.get_by_text(f"Image {item} is corrected to real.")).to_be_visible()
    record = page.get_by_role("region", name=f"Image {item}", exact=True)
    expect(record).to_contain_text("to real, from fake")
    expect(record.get_by_role("listitem").last).to_contain_text(HOSTILE)
    row = page.get_by_role("row").filter(has_text="wrong.png")
    expect(row).to_contain_text("real (corrected)")
    assert "owned" not in page.title()
    with site.app.database.read() as repos:
        assert [row.value for row, _ in repos.corrections.on(item)] == [LabelValue.REAL]
        assert repos.corrections.on(other) == []


def test_images_are_veiled_here_too_until_they_are_pointed_at(site: Site, sign_in: SignIn) -> None:
    item = settled(site, "veiled.png")
    _, admin = site.signed_in(Role.ADMIN)
    change_options(site.app.database, admin, ReviewOptions(veil=Veil.BLUR))
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    find(page, f"#{item}")
    button = page.locator("button.found")
    expect(button).to_have_count(1)
    expect(button.locator("img")).to_have_css("filter", "blur(6px)")
    button.focus()
    page.keyboard.press("Enter")
    large = page.get_by_role("link", name=f"Image {item} in full size")
    expect(large.locator("img")).to_have_css("filter", "blur(28px)")
    large.hover()
    expect(large.locator("img")).to_have_css("filter", "none")
    change_options(site.app.database, admin, ReviewOptions())


def test_filters_and_pages_lead_back_and_forth(site: Site, sign_in: SignIn) -> None:
    first, *others = site.factory.items(26, ItemState.FAILED, name="many.png")
    newest = site.factory.item(ItemState.FAILED, name="newest.png")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    rows = page.locator("button.found")
    expect(rows.first).to_contain_text(str(newest))
    find(page, "many")
    expect(rows).to_have_count(25)
    expect(rows.first).to_contain_text(str(others[-1]))
    page.get_by_role("button", name="Older").click()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(str(first))
    page.get_by_role("button", name="Newer").click()
    expect(rows).to_have_count(25)
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name="resolved").click()
    expect(page.get_by_text("No image fits.")).to_be_visible()


def test_the_tab_shuts_nobody_out(site: Site, sign_in: SignIn) -> None:
    item = settled(site, "a-very-long-folder-name/" * 4 + "image.png")
    page = sign_in(Role.ADMIN)
    open_tab(page, "Images")
    find(page, f"#{item}")
    expect(page.locator("button.found")).to_have_count(1)
    page.locator("button.found").click()
    expect(page.locator(".record h2")).to_be_focused()
    page.locator(".record img").evaluate("image => image.decode()")
    page.get_by_role("radio", name="real", exact=True).check()
    page.get_by_label("Reason, kept on record").fill("The raw file came.")
    page.get_by_role("button", name="Correct…").click()
    expect(page.locator(".question")).to_be_visible()
    assert flaws_large_and_small(page, "admin-images", whole=True) == []


@pytest.mark.parametrize("language", [GERMAN, SPANISH])
def test_it_says_nothing_in_english(site: Site, sign_in: SignIn, language: Language) -> None:
    item = settled(site, "b.png")
    page = in_language(sign_in, language, Role.ADMIN)
    open_tab(page, said("overview.tab_images", language))
    page.get_by_label(said("images.text", language)).fill(f"#{item}")
    page.get_by_role("button", name=said("images.find", language), exact=True).click()
    expect(page.locator("button.found")).to_have_count(1)
    page.locator("button.found").click()
    expect(page.locator(".record h2")).to_be_focused()
    page.get_by_role("radio", name=said("review.answer_real", language), exact=True).check()
    page.get_by_label(said("corrections.reason", language)).fill("Das Original kam.")
    page.get_by_role("button", name=said("corrections.correct", language)).click()
    expect(page.locator(".question")).to_be_visible()
    is_clean(page, language, "images")
    page.get_by_role("button", name=said("corrections.yes", language)).click()
    expect(page.locator(".notice-done")).to_be_visible()
    is_clean(page, language, "images-corrected")
