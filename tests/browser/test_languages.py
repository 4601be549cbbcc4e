"""Pages in German and Spanish: every sentence translated, nothing that sticks out or shuts out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from review_app.i18n import ENGLISH, LANGUAGES, Language, Text
from review_app.i18n.catalogue import PLACEHOLDER, Entry, catalogue
from storage.enums import LabelValue, Role
from tests.browser.checks import barriers, overlapping, sticks_out
from tests.browser.conftest import SignIn
from tests.browser.looks import keep_picture, resize
from tests.browser.reviewing import stored, wait_for_image, wait_until_sent
from tests.browser.test_admin import open_tab
from tests.browser.test_inspect import pick_a_sample
from tests.languages import GERMAN, SPANISH
from tests.web.handling import scored
from tests.web.serving import Serving
from tests.web.site import Site

EVERYTHING_SAID = """() => {
  const NOT_SAID = "script, style, [lang]:not(html), [class*=meta-text]";
  const told = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest(NOT_SAID)) told.push(node.data);
  }
  for (const element of document.querySelectorAll("[aria-label], [title], [alt], [placeholder]")) {
    for (const name of ["aria-label", "title", "alt", "placeholder"]) {
      told.push(element.getAttribute(name) ?? "");
    }
  }
  return told;
}"""
"""Texts and names of the page, hidden ones too, but for those marked as of another language and
what Gradio says of its queue, which app.css never shows."""


def forms(entry: Entry) -> list[str]:
    return [entry] if isinstance(entry, str) else list(entry.values())


def english_only(language: Language) -> re.Pattern[str]:
    """What no page in ``language`` should say: English texts that are not also texts of its own."""
    own = {form for entry in catalogue(language).entries.values() for form in forms(entry)}
    english = {form for entry in catalogue(ENGLISH).entries.values() for form in forms(entry)} - own
    # "{low} to {high}" would be found in any sentence.
    worth = [form for form in english if re.search(r"[A-Za-z]{3}", PLACEHOLDER.sub("", form))]
    patterns = [".+?".join(map(re.escape, PLACEHOLDER.split(form)[::2])) for form in worth]
    return re.compile("|".join(patterns))


def left_in_english(page: Page, language: Language) -> set[str]:
    pattern = english_only(language)
    said = {" ".join(text.split()) for text in page.evaluate(EVERYTHING_SAID)}
    return {text for text in said if pattern.fullmatch(text)}


def in_language(sign_in: SignIn, tag: str, role: Role = Role.REVIEWER, **options: object) -> Page:
    """A page of a browser whose person has set it to this language."""
    return sign_in(role, locale=tag, **options)


@pytest.mark.parametrize("language", [GERMAN, SPANISH])
def test_review_and_inspect_say_nothing_in_english_and_their_long_words_fit(
    site: Site, serving: Serving, sign_in: SignIn, language: Language
) -> None:
    site.items(2)
    page = in_language(sign_in, language, Role.ADMIN, at="/review/")
    item = wait_for_image(page)
    assert page.evaluate("document.documentElement.lang") == language
    page.get_by_role("button", name=said("tags.face_swap", language)).click()
    is_clean(page, language, "review")
    page.keyboard.press("f")
    expect(page.locator("#previous-text")).not_to_be_empty()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert left_in_english(page, language) == set()
    wait_until_sent(page)
    assert stored(site, item).tags == ["face swap"], "what is stored has no language"

    page.goto(f"{serving.url}/review/inspect")
    heading = page.get_by_role("heading", name=said("inspect.title", language))
    expect(heading).to_be_visible()
    pick_a_sample(page, said("inspect.samples", language))
    is_clean(page, language, "inspect")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_admins_first_screen_says_nothing_in_english_and_fits(
    site: Site, sign_in: SignIn, language: Language
) -> None:
    person = site.factory.person(f"second-reviewer-{language}")
    for item, value in zip(site.items(4, decided=True), LabelValue, strict=True):
        site.factory.label(person, item, value)
    page = in_language(sign_in, language, Role.ADMIN)
    expect(page.locator(".bars").first).to_be_visible()
    table = page.get_by_role("region", name=said("overview.by_person", language))
    expect(table).to_contain_text(person.name)
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    if language == ENGLISH:
        keep_picture(page, "admin-overview-en-desktop", whole=True)
    else:
        is_clean(page, language, "overview")


@pytest.mark.parametrize("language", [GERMAN, SPANISH])
def test_the_policy_says_nothing_in_english(
    site: Site, sign_in: SignIn, language: Language
) -> None:
    def button(key: str) -> Locator:
        return page.get_by_role("button", name=said(key, language), exact=True)

    scored(site, 240)
    page = in_language(sign_in, language, Role.ADMIN)
    open_tab(page, said("overview.tab_policy", language))
    expect(page.locator(".certificate")).to_be_visible()
    assert left_in_english(page, language) == set()

    open_tab(page, said("overview.tab_certify", language))
    page.get_by_label(Text("certify.risk_limit").render(language)).fill("10")
    button("certify.certify_and_apply").click()
    expect(page.locator(".question")).to_be_visible()
    assert left_in_english(page, language) == set()
    button("certify.yes_certify").click()
    done = page.locator(".notice-done:visible")
    expect(done).to_have_count(1)
    button("whatif.show").click()
    expect(page.get_by_role("img", name=Text("whatif.plot").render(language))).to_be_visible()
    is_clean(page, language, "certify")

    open_tab(page, said("overview.tab_rules", language))
    button("order.save").click()
    expect(page.get_by_text(Text("changed.nothing").render(language))).to_be_visible()
    is_clean(page, language, "rules")

    open_tab(page, said("overview.tab_policy", language))
    expect(page.get_by_role("img", name=Text("certificate.mix").render(language))).to_be_visible()
    button("certify.apply").click()
    expect(page.locator(".question")).to_be_visible()
    button("certify.yes_apply").click()
    expect(done).to_have_count(1)
    button("certify.suspend").click()
    expect(done).to_have_count(2)
    expect(page.get_by_text(Text("certificate.was_proven").render(language))).to_be_visible()
    is_clean(page, language, "policy")


def test_a_language_is_chosen_on_the_sign_in_page_and_in_the_menu(
    serving: Serving, sign_in: SignIn
) -> None:
    page = in_language(sign_in, "en-GB")
    expect(page.locator("#zoom-panel")).to_be_attached()
    assert "Look closer" in left_in_english(page, GERMAN)
    page.locator("#account summary").click()
    page.get_by_role("combobox", name="Language").select_option("Español")
    expect(page.get_by_role("link", name="Revisar")).to_be_visible()
    assert page.url.endswith("/review/")
    page.locator("#account summary").click()
    page.get_by_role("button", name="Cerrar sesión").click()
    expect(page.get_by_role("heading", name="Iniciar sesión")).to_be_visible()  # it is remembered
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    assert left_in_english(page, GERMAN) == set()
    page.goto(f"{serving.url}/login")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_a_language_chosen_before_the_script_has_come_counts(
    serving: Serving, sign_in: SignIn
) -> None:
    page = in_language(sign_in, "en-GB")
    held: list[Route] = []
    page.goto("about:blank")  # what the page still asks for is asked for no more
    page.route("**/shell.js*", lambda route: held.append(route))
    page.goto(f"{serving.url}/review/", wait_until="commit")
    page.locator("[name=language]").select_option("Español", force=True)
    assert held
    for script in held:
        script.continue_()
    expect(page.get_by_role("link", name="Revisar")).to_be_visible()


def test_the_header_holds_its_parts_apart_at_every_width(site: Site, sign_in: SignIn) -> None:
    site.items(1)
    page = in_language(sign_in, "de", Role.ADMIN, at="/review/")
    wait_for_image(page)
    expect(page.locator("#order")).not_to_be_empty()
    for width in (1440, 1280, 1180, 1024, 641, 390):
        page.set_viewport_size({"width": width, "height": 844})
        keep_picture(page, f"header-de-{width}")
        assert overlapping(page, ".product, .bar nav a, .status > *, .menu") == [], width
        assert not sticks_out(page), width


@pytest.mark.parametrize("language", [GERMAN, SPANISH])
def test_data_people_and_export_say_nothing_in_english(
    site: Site, sign_in: SignIn, tmp_path: Path, language: Language
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    item = site.factory.item(known=LabelValue.FAKE)
    site.factory.label(site.factory.person(f"ada-{language}"), item, LabelValue.FAKE)
    page = in_language(sign_in, language, Role.ADMIN)

    open_tab(page, said("overview.tab_data", language))
    page.locator("input[type=file]").set_input_files([bad])
    expect(page.get_by_role("cell", name="bad.png")).to_be_visible()
    expect(page.get_by_role("button", name=said("header.add_files", language))).to_be_visible()
    page.get_by_role("button", name=said("data.take_in", language)).click()
    refused = page.get_by_role("row").filter(has_text="bad.png")
    expect(refused).to_contain_text(said("intake.reason_not_an_image", language))
    is_clean(page, language, "data")

    open_tab(page, said("overview.tab_people", language))
    page.get_by_label(said("people.name_label", language)).fill(f"bo-{language}")
    page.get_by_role("button", name=said("people.add", language)).click()
    page.get_by_role("button", name=said("people.copy", language)).click()
    expect(page.get_by_role("button", name=said("people.copied", language))).to_be_visible()
    figures = page.get_by_role("region", name=said("figures.title", language))
    expect(figures).to_contain_text(f"ada-{language}")
    is_clean(page, language, "people")

    open_tab(page, said("overview.tab_export", language))
    expect(page.get_by_role("region", name=said("export.columns", language))).to_be_visible()
    is_clean(page, language, "export")


def said(key: str, language: Language) -> str:
    return Text(key).render(language)


def is_clean(page: Page, language: Language, name: str) -> None:
    """Nothing in English on a page or tab that is open, nothing cut off or in the way, small or
    large. What its colours are has no language: test_every_page looks at them."""
    for size in ("phone", "desktop"):
        resize(page, size)
        keep_picture(page, f"{name}-{language}-{size}", whole=page.locator("#review").count() == 0)
        assert left_in_english(page, language) == set()
        assert barriers(page, colours=False) == []
        assert not sticks_out(page)
        assert cut_off(page) == []


def cut_off(page: Page) -> list[str]:
    """Buttons and links whose words stand out of them, a moment after the page has another size:
    Gradio lays its tabs anew some frames later."""
    found: list[str] = page.evaluate(
        """async () => {
          const found = () => [...document.querySelectorAll("button, .bar, .bar a, .zoom-panel")]
            .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
            .map((e) => e.textContent);
          for (let tries = 0; found().length > 0 && tries < 20; tries += 1) {
            await new Promise((again) => setTimeout(again, 100));
          }
          return found();
        }"""
    )
    return found
