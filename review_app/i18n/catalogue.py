"""The catalogues of all languages, and how an entry becomes a sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from review_app.i18n.locale import Language
from review_app.i18n.numbers import format_number

Value = str | int
"""What fills a placeholder; a whole number is written as the language does."""
Entry = str | Mapping[str, str]
"""A sentence, or its plural forms by CLDR category: ``one`` and ``other``."""

FOLDER = Path(__file__).parent
PLACEHOLDER = re.compile(r"\{(\w+)\}")

SERVER_AREAS = frozenset(
    {
        "account",
        "audit",
        "certificate",
        "certify",
        "changed",
        "charts",
        "confirm",
        "corrections",
        "data",
        "date",
        "detector",
        "explanation",
        "export",
        "figures",
        "images",
        "inspect",
        "intake",
        "limits",
        "list",
        "order",
        "overview",
        "people",
        "policy",
        "records",
        "refusals",
        "rules",
        "samples",
        "signin",
        "taking",
        "uploads",
        "whatif",
    }
)
"""Areas that no script in the browser uses, and that therefore are not sent there."""


@cache
def catalogue(language: Language) -> Mapping[str, Entry]:
    """Every entry by its key, ``area.name``."""
    return {
        f"{path.stem}.{name}": entry
        for path in sorted((FOLDER / language).glob("*.json"))
        for name, entry in json.loads(path.read_text("utf-8")).items()
    }


def for_browser(language: Language) -> dict[str, Entry]:
    """The entries that the page's scripts may use."""
    entries = catalogue(language)
    return {key: e for key, e in entries.items() if key.split(".")[0] not in SERVER_AREAS}


def render(language: Language, key: str, values: Mapping[str, Value]) -> str:
    """The entry ``key`` with its placeholders filled.

    Raises ``KeyError`` where there is no such entry or a placeholder has no value.
    """
    entry = catalogue(language)[key]
    if not isinstance(entry, str):
        # In all of these languages the category of a whole number below a million is "one" for 1
        # and "other" for the rest (CLDR 46; beyond it Spanish differs only in how it is spelt).
        entry = entry["one" if values["n"] == 1 else "other"]
    return PLACEHOLDER.sub(lambda found: _shown(language, values[found[1]]), entry)


def _shown(language: Language, value: Value) -> str:
    return value if isinstance(value, str) else format_number(language, value)
