"""A program with one catalogue more, Polish: its pages, and the scripts in them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from review_app.i18n import LANGUAGES, Language
from review_app.i18n.catalogue import catalogue
from tests.browser.conftest import SignIn, follow_link
from tests.i18n.fourth import with_polish
from tests.web.serving import Serving

WRITTEN = """async (numbers) => {
  const { listed, moment, number, percentage, t } = await import(WORDS);
  return {
    looked: numbers.map((n) => t("care.looked", { n })),
    numbers: [number(1234.5, 1), number(12345.5, 1), number(12345678)],
    percent: percentage(0.5),
    lists: [["a"], ["a", "b"], ["a", "b", "c"]].map(listed),
    day: moment(new Date(2026, 4, 3), { dateStyle: "long" }),
    missing: t("recent.none"),
  };
}"""
"""What the page's own scripts make of numbers, in the language of the page."""


@pytest.fixture
def link(tmp_path: Path) -> Iterator[str]:
    """Where to sign in as an admin of the program with four languages."""
    folder = tmp_path / "program"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "review_app", "serve", "--port", "0"],
        cwd=folder,
        env={**with_polish(folder), "REVIEW_DATA_DIR": str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    told = "".join(process.stdout.readline() for _ in range(4))
    found = re.search(r"http://\S+/login/link/\S+", told)
    assert found is not None, told
    yield found[0]
    process.kill()
    process.communicate()


def test_pages_and_scripts_are_polish_where_there_are_texts(
    link: str, new_context: Callable[..., BrowserContext]
) -> None:
    page = new_context(locale="pl-PL").new_page()
    follow_link(page, link)
    page.wait_for_url("**/admin/")
    page.goto(re.sub("/login/.*", "/review/", link))
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    page.locator("#account summary").click()
    languages = page.get_by_role("combobox", name="Język")
    expect(languages.locator("option:checked")).to_have_text("Polski")

    space = "\N{NO-BREAK SPACE}"
    assert written_by(page, [1, 2, 5, 12, 22, 1.5]) == {
        "looked": [
            f"Patrzysz już {words}."
            for words in ("1 minutę", "2 minuty", "5 minut", "12 minut", "22 minuty", "1,5 minuty")
        ],
        "numbers": ["1234,5", f"12{space}345,5", f"12{space}345{space}678"],
        "percent": "50%",
        "lists": ["a", "a i b", "a, b i c"],
        "day": "3 maja 2026",
        "missing": "No answers yet.",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_scripts_write_what_the_server_writes(
    serving: Serving, sign_in: SignIn, language: Language
) -> None:
    page = sign_in(locale=language)
    own = catalogue(language)
    numbers = [0, 1, 2, 1234, 12345, 1.5]
    assert written_by(page, numbers) == {
        "looked": [own.render("care.looked", {"n": n}) for n in numbers],
        "numbers": [
            own.cldr.number(value, digits)
            for value, digits in ((1234.5, 1), (12345.5, 1), (12345678, 0))
        ],
        "percent": own.cldr.percent(0.5),
        "lists": [own.cldr.list(["a", "b", "c"][:n]) for n in (1, 2, 3)],
        "day": own.cldr.day(datetime(2026, 5, 3, tzinfo=UTC)),
        "missing": own.render("recent.none", {}),
    }


def written_by(page: Page, numbers: list[float]) -> dict[str, object]:
    """What the scripts of ``page`` write."""
    static = re.search("/static/[0-9a-f]{16}/", page.content())
    assert static is not None
    written: dict[str, object] = page.evaluate(
        WRITTEN.replace("WORDS", f'"{static[0]}words.js"'), numbers
    )
    return written
