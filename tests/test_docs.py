"""What the documentation says of the program is true."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from annotated_types import Le
from pydantic_core import PydanticUndefined

from review_app.core.settings import DEFAULT_CHECKPOINT, Settings, load_settings

ROOT = Path(__file__).parents[1]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `REVIEW_(\w+)` \| (?:`([^`]*)`)? *\| (.+) \|$", re.MULTILINE)
ROWS = {name.lower(): (default, words) for name, default, words in ROW.findall(SETTINGS)}
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if "changelog.d" not in page.parts
)
RECORDS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCES = sorted(
    path
    for folder in ("review_app", "storage", "migrations")
    for path in (ROOT / folder).rglob("*.py")
)
FRAGMENTS = re.compile(
    "after|although|and|around|as|at|because|before|below|beside|between|beyond|but|by|during|for|"
    "from|if|in|into|like|none|nor|not|of|on|onto|or|out|over|per|read-only|since|so|than|that|"
    "through|to|under|unless|until|up|via|when|where|while|with|without"
)
"""Words that tie what follows to something that is not said: "of the image", "as p0"."""
QUANTITIES = (["at", "most"], ["at", "least"])


def test_every_setting_is_documented_and_none_that_does_not_exist() -> None:
    assert set(ROWS) == set(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_documented_default_is_the_default(name: str) -> None:
    assert ROWS[name][0] == _in_the_environment(Settings.model_fields[name].default)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_documented_limit_is_the_limit(name: str) -> None:
    for rule in Settings.model_fields[name].metadata:
        if isinstance(rule, Le):
            assert re.search(rf"\b{rule.le}\b", ROWS[name][1])


@pytest.mark.parametrize("page", ["settings.md", "security.md"])
def test_the_documented_command_behind_a_proxy_is_accepted(
    page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"REVIEW_{name.upper()}", raising=False)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    section = text[text.index("## Behind a proxy") :]
    command = section[section.index("```sh") :].split("```")[1]
    for variable, value in re.findall(r"(REVIEW_\w+)=(\S+)", command):
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    assert settings.address() == "https://review.example.org"
    assert settings.proxies


def test_each_promise_of_security_names_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    promises = text[text.index("## What is promised") : text.index("## Seals")]
    rows = re.findall(r"^\| (?!what|---)(.+) \|$", promises, re.MULTILINE)
    assert len(rows) >= 12
    for row in rows:
        held = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert held, f"nothing holds: {row}"
        for path, name in held:
            source = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), f"{path}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_to_a_page_and_a_heading_that_there_are(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, heading = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if heading:
            assert heading in _headings(target), link


def test_each_decision_is_dated_tells_what_lost_and_is_listed() -> None:
    listed = LINK.findall((ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8"))
    numbers = [int(record.name.partition("-")[0]) for record in RECORDS]
    assert len(set(numbers)) == len(numbers)  # there may be gaps, while branches hold some
    for number, record in zip(numbers, RECORDS, strict=True):
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {number}. "), record.name
        assert re.search(r"^\d{4}-\d\d-\d\d, ", text, re.MULTILINE), record.name
        for part in ("What was in the way", "What was decided", "What lost"):
            assert f"\n## {part}\n" in text, record.name
        assert record.name in listed


def test_each_how_to_is_listed() -> None:
    folder = ROOT / "docs" / "how-to"
    listed = LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    assert {page.name for page in folder.glob("add-*.md")} <= set(listed)


def test_the_architecture_fits_on_two_screens_and_names_every_package() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    for package in (ROOT / "review_app").glob("*/__init__.py"):
        assert f"`review_app/{package.parent.name}`" in text


def test_the_glossary_has_each_word_once_and_leads_to_what_is_there() -> None:
    rows = re.findall(r"^\| (.+?) \|.*\|(.*)\|$", GLOSSARY, re.MULTILINE)
    words = [word for named, _ in rows if named != "word" for word in named.split(", ")]
    assert len(words) > 50
    assert len(set(words)) == len(words)
    for _, places in rows:
        for path in re.findall(r"`([^`]+)`", places):
            assert (ROOT / "review_app" / path).exists() or (ROOT / path).exists(), path


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_each_docstring_has_a_subject() -> None:
    faults = []
    for path in SOURCES:
        for line, text in _docstrings(ast.parse(path.read_text(encoding="utf-8"))):
            words = text.lower().split()
            if words[:2] not in QUANTITIES and FRAGMENTS.fullmatch(words[0].strip(",.:;")):
                faults.append(f"{path.relative_to(ROOT)}:{line}: {text.strip().splitlines()[0]}")
    assert not faults, "\n".join(faults)


def _in_the_environment(default: Any) -> str:
    assert default is not PydanticUndefined
    if default is None:
        return ""
    if default == DEFAULT_CHECKPOINT:
        return str(DEFAULT_CHECKPOINT.relative_to(ROOT))
    return str(default).lower() if isinstance(default, bool) else str(default)


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of all docstrings, those below attributes included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if text := ast.get_docstring(node):
                yield node.body[0].lineno, text
            for one, other in pairwise(node.body):
                if isinstance(one, ast.Assign | ast.AnnAssign) and (text := _text(other)):
                    yield other.lineno, text


def _text(statement: ast.stmt) -> str | None:
    """The text of a statement that is nothing but one."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value if isinstance(value, str) else None
    return None


def _headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them of its headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in plain}
