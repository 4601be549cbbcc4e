"""The catalogues hold the same texts in every language, and exactly those that are used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import review_app
from review_app.i18n import ENGLISH, LANGUAGES, Language
from review_app.i18n.catalogue import SERVER_AREAS, Entry, catalogue
from review_app.i18n.cldr import Cldr
from tests.i18n.faults import UNSAFE, faults

SOURCE = Path(review_app.__file__).parent
KEY = re.compile(r"""["'`]([a-z_]+\.[a-z0-9_]+)["'`]""")
BUILT = re.compile(r"""["'`]([a-z_]+\.[a-z0-9_]*)(?:\$?\{|["'] ~)""")
"""The beginning of a key that is put together from a name: ``f"header.{page}"``."""


def sources(*suffixes: str) -> Iterator[tuple[Path, str]]:
    for path in SOURCE.rglob("*"):
        if path.suffix in suffixes:
            yield path, path.read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_whole(language: Language) -> None:
    own = catalogue(language)
    found = list(faults(own, catalogue(ENGLISH).entries))
    assert not found, "\n".join(found)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", key) for key in own.entries)


def test_each_fault_of_a_catalogue_is_named() -> None:
    english: dict[str, Entry] = {
        "a.gone": "Gone",
        "a.named": "By {name}",
        "a.plural": {"one": "{n} image", "other": "{n} images"},
        "a.forms": {"one": "{n} image", "other": "{n} images"},
        "a.bare": "Bare",
    }
    polish = replace(
        catalogue(ENGLISH),
        cldr=Cldr("pl"),
        entries={
            "a.named": "Od {nazwa}",
            "a.plural": "{n} obrazów",
            "a.forms": {"one": "{n} obraz", "two": "{n} obrazy", "other": "{n} obrazu"},
            "a.bare": " A & B",
            "a.more": "Więcej",
        },
    )
    assert list(faults(polish, english)) == [
        "a.gone is missing",
        "a.named has the placeholders ['nazwa'], not ['name']",
        "a.plural has plural forms in one of the two languages only",
        "a.forms has the plural forms ['one', 'other', 'two'], not ['few', 'many', 'one', 'other']",
        "a.bare is empty, or begins or ends with a space",
        f"a.bare holds one of {UNSAFE!r}, which mean something else on a page",
        "a.more is no text of the English catalogue",
    ]


def test_every_text_that_is_asked_for_exists_and_every_text_there_is_is_asked_for() -> None:
    known = set(catalogue(ENGLISH).entries)
    areas = {key.split(".")[0] for key in known}
    used: set[str] = set()
    for path, text in sources(".py", ".js", ".html"):
        exact = {key for key in KEY.findall(text) if key.split(".")[0] in areas}
        asked = set(re.findall(r"""\bt\(\s*["']([^"']+)["']\s*[,)]""", text))
        assert asked <= known, f"{path} asks for {asked - known}"
        used |= exact
        for beginning in BUILT.findall(text):
            used |= {key for key in known if key.startswith(beginning)}
    assert known <= used, f"nobody asks for {sorted(known - used)}"


def test_scripts_ask_only_for_texts_that_are_sent_to_the_browser() -> None:
    for path, text in sources(".js"):
        for key in KEY.findall(text):
            assert key.split(".")[0] not in SERVER_AREAS, f"{path} asks for {key}"


def test_scripts_import_what_they_word_with() -> None:
    module = re.compile(r"import \{[^}]*\bt\b[^}]*\} from \"[./]+/words.js\"")
    script = re.compile(r"import\(\"[./]+/words.js\"\)\.then\(\(\{[^}]*\bt\b[^}]*\}\)")
    for path, text in sources(".js"):
        if path.name != "words.js" and re.search(r"\bt\(", text):
            assert module.search(text) or script.search(text), path


def test_templates_hold_no_text_of_their_own() -> None:
    for path, text in sources(".html"):
        if path.parent.parent.name != "web":  # reports, which are files in English
            continue
        bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.S).replace("deepfake-review", "")
        assert not re.findall(r">[^<>]*[A-Za-z]{2}[^<>]*<", bare), path
        assert not re.findall(r'(?:aria-label|title|alt|placeholder)="[^"]*[A-Za-z]{2}', bare), path


def test_scripts_hold_no_sentence_of_their_own() -> None:
    sentence = re.compile(r"""["'`][A-Z][a-z]+ [^"'`]*[a-z]{2}[^"'`]*["'`]""")
    for path, text in sources(".js"):
        code = re.sub(r"(?m)(^|\s)//.*$", "", text)
        assert not sentence.findall(code), path
