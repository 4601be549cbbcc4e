"""The catalogues hold the same texts in every language, and exactly those that are used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import review_app
from review_app.i18n import Language
from review_app.i18n.catalogue import FOLDER, PLACEHOLDER, SERVER_AREAS, Entry, catalogue

SOURCE = Path(review_app.__file__).parent
KEY = re.compile(r"""["'`]([a-z_]+\.[a-z0-9_]+)["'`]""")
BUILT = re.compile(r"""["'`]([a-z_]+\.[a-z0-9_]*)(?:\$?\{|["'] ~)""")
"""The beginning of a key that is put together from a name: ``f"header.{page}"``."""


def placeholders(entry: Entry) -> list[set[str]]:
    forms = [entry] if isinstance(entry, str) else list(entry.values())
    return [set(PLACEHOLDER.findall(form)) for form in forms]


def sources(*suffixes: str) -> Iterator[tuple[Path, str]]:
    for path in SOURCE.rglob("*"):
        if path.suffix in suffixes:
            yield path, path.read_text("utf-8")


@pytest.mark.parametrize("language", Language)
def test_every_language_has_the_same_texts_with_the_same_placeholders(language: Language) -> None:
    english, other = catalogue(Language.EN), catalogue(language)
    assert english.keys() == other.keys()
    for key, entry in english.items():
        told = set().union(*placeholders(entry))
        assert isinstance(entry, str) is isinstance(other[key], str), key
        assert set().union(*placeholders(other[key])) == told, key


@pytest.mark.parametrize("language", Language)
def test_plural_entries_have_both_forms_and_are_chosen_by_n(language: Language) -> None:
    for key, entry in catalogue(language).items():
        if not isinstance(entry, str):
            assert list(entry) == ["one", "other"], key
            assert "n" in placeholders(entry)[1], key


@pytest.mark.parametrize("language", Language)
def test_no_text_needs_escaping_wherever_it_stands(language: Language) -> None:
    for key, entry in catalogue(language).items():
        for form in [entry] if isinstance(entry, str) else entry.values():
            assert form.strip() == form != "", key
            assert not re.search(r"[&<>\"'\\\n]", form), key


def test_files_are_sorted_out_by_area_and_language() -> None:
    areas = {
        language: {p.name for p in (FOLDER / language).glob("*.json")} for language in Language
    }
    assert len({frozenset(names) for names in areas.values()}) == 1
    for path in FOLDER.rglob("*.json"):
        assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in json.loads(path.read_text()))


def test_every_text_that_is_asked_for_exists_and_every_text_there_is_is_asked_for() -> None:
    known = set(catalogue(Language.EN))
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
