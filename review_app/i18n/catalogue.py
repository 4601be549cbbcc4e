"""The catalogues of all languages, and how an entry becomes a sentence.

``catalogues/<language>.json`` is all that a language consists of::

    {
      "name": "English",
      "locale": "en-GB",
      "minimum_grouping": 1,
      "texts": {"signin": {"too_many": {"one": "Wait {n} minute.", "other": "Wait {n} minutes."}}}
    }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from review_app.i18n.cldr import Cldr
from review_app.i18n.locale import ENGLISH, FOLDER, LANGUAGES, Language

Value = str | float
"""What fills a placeholder; a number is written as the language does."""
Entry = str | Mapping[str, str]
"""A sentence, or its plural forms by CLDR category."""

PLACEHOLDER = re.compile(r"\{(\w+)\}")
SERVER_AREAS = frozenset(
    {
        "account",
        "alerts",
        "audit",
        "bulk",
        "certificate",
        "certify",
        "changed",
        "charts",
        "confirm",
        "corrections",
        "data",
        "date",
        "desk",
        "desks",
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
        "saved_views",
        "signin",
        "taking",
        "told",
        "uploads",
        "whatif",
    }
)
"""Areas that no script in the browser uses, and that therefore are not sent there."""


class _CatalogueFile(BaseModel):
    """A file of ``catalogues``, as it is written."""

    model_config = ConfigDict(extra="forbid")

    name: str
    locale: str
    minimum_grouping: int = 1
    texts: dict[str, dict[str, str | dict[str, str]]]


@dataclass(frozen=True)
class Catalogue:
    """The catalogue of one language."""

    name: str
    """The language in its own words, for those who read no other."""
    cldr: Cldr
    entries: Mapping[str, Entry]
    """Every entry by its key, ``area.name``."""

    def render(self, key: str, values: Mapping[str, Value]) -> str:
        """The entry ``key`` with its placeholders filled; ``n`` chooses the plural form.

        Raises ``KeyError`` where there is no such entry or a placeholder has no value, and
        ``TypeError`` where ``n`` is no number.
        """
        entry = self.entries[key]
        if not isinstance(entry, str):
            n = values["n"]
            if isinstance(n, str):
                raise TypeError(f"{key}: the plural form goes by a number, not by {n!r}")
            entry = entry.get(self.cldr.plural_form(n)) or entry["other"]
        return PLACEHOLDER.sub(lambda found: self._shown(values[found[1]]), entry)

    def _shown(self, value: Value) -> str:
        return value if isinstance(value, str) else self.cldr.number(value)


@cache
def catalogue(language: Language) -> Catalogue:
    """The catalogue of ``language``."""
    return read_catalogue(FOLDER / f"{language}.json")


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue in the file ``path``.

    Raises pydantic's ``ValidationError`` where the file is not as it should be.
    """
    file = _CatalogueFile.model_validate_json(path.read_bytes())
    entries: dict[str, Entry] = {
        f"{area}.{name}": entry
        for area, texts in file.texts.items()
        for name, entry in texts.items()
    }
    return Catalogue(file.name, Cldr(file.locale, file.minimum_grouping), entries)


def names() -> dict[Language, str]:
    """Every language in its own words."""
    return {language: catalogue(language).name for language in LANGUAGES}


def render(language: Language, key: str, values: Mapping[str, Value]) -> str:
    """The entry ``key`` in ``language``, in English where the language has none.

    Raises ``KeyError`` where there is no such entry or a placeholder has no value.
    """
    own = catalogue(language)
    return (own if key in own.entries else catalogue(ENGLISH)).render(key, values)


def for_browser(language: Language) -> list[dict[str, Any]]:
    """What the page's scripts render from: their entries in ``language``, then those that it lacks
    in English, each with the locale that they are written for."""
    own, english = catalogue(language), catalogue(ENGLISH)
    lacking = {key: entry for key, entry in english.entries.items() if key not in own.entries}
    return [
        {"locale": one.cldr.tag, "texts": {k: e for k, e in texts.items() if _is_sent(k)}}
        for one, texts in ((own, own.entries), (english, lacking))
        if texts
    ]


def _is_sent(key: str) -> bool:
    return key.split(".")[0] not in SERVER_AREAS
