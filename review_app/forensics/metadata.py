"""What the file says about itself, as rows for a person to read.

Anybody can write anything into a file, or take it out: a claim, never proof. It is evidence all the
same, so blind reviewers see it; only what names the file or its source is withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from review_app.forensics.notes import noted
from review_app.words import current_language, t

MAX_ROWS: Final = 200
_NAMING: Final = frozenset({"DocumentName", "OriginalRawFileName"})
_SHORTEST_NAME: Final = 4
"""Characters: a shorter name turns up everywhere by chance."""
_TITLES: Final = {"exif": "EXIF", "gps": "GPS", "xmp": "XMP"}
_WORDED: Final = ("text", "comment", "icc", "dpi")


@dataclass(frozen=True, slots=True)
class Fact:
    """One row."""

    name: str
    value: str


def facts(metadata: Mapping[str, Any], names: Iterable[str] = ()) -> list[Fact]:
    """The rows of ``metadata`` as :func:`review_app.intake.metadata.read_metadata` makes it.

    Values in which one of ``names`` (of the file, its source) turns up are withheld.
    """
    hidden = [name.casefold() for name in names if len(name) >= _SHORTEST_NAME]
    rows = []
    for name, value in _rows(metadata):
        tells = name.rsplit(" ", 1)[-1] in _NAMING or any(h in value.casefold() for h in hidden)
        rows.append(Fact(name, t("inspect.withheld") if tells else value))
    return rows[:MAX_ROWS]


def _rows(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for note in noted(metadata):
        yield t("inspect.fact_notes"), note.said(current_language())
    for key, title in (_TITLES | {key: t(f"inspect.fact_{key}") for key in _WORDED}).items():
        content = metadata.get(key)
        if isinstance(content, Mapping):
            yield from ((f"{title} {name}", _text(value)) for name, value in content.items())
        elif content not in (None, "", []):
            yield title, _text(content)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
