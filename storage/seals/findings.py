"""Findings of a check, gathered: a million changed rows are one finding, which names them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage.seals.tables import runs

MAX_SPANS = 50
"""The most spans of rows named in one finding."""


@dataclass(frozen=True)
class Finding:
    """Rows of one table that are not as they were sealed, all in the same way."""

    table: str
    kind: str
    """``changed``, ``missing``, ``added``, or another of `KINDS`."""
    rows: tuple[str, ...]
    """Their keys, or spans of them."""
    text: str

    def to_json(self) -> dict[str, Any]:
        """The finding for the document of ``db check --json``."""
        return {
            "table": self.table,
            "kind": self.kind,
            "rows": list(self.rows),
            "words": self.text,
        }


KINDS = {
    "changed": "changed since they were sealed",
    "missing": "sealed, and gone",
    "added": "there without a seal: the program did not write them",
    "forged": "not made with the key",
    "unlinked": "do not follow from the event before them: others were taken out or put in",
    "cut": "told elsewhere, and not in the log: it was cut short or begun anew",
    "unsealed": "from before sealing began, and nothing seals them; run db upgrade",
    "key": "sealed under a key that the file of keys does not have",
    "turn": "the newest key of the file, which seals nothing: db rekey was cut off, run it again; "
    "or the log was cut short to before it",
    "schema": "not as the program makes it",
    "miscounted": "not what the rows come to; no evidence, count anew: db recount",
    "damage": "what SQLite says of the file; restore a backup",
}


class Findings:
    """A collection of rows by table, kind and what else there is to say of them."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[Any]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, table: str, kind: str, rows: Iterable[Any], detail: str = "") -> None:
        """Rows by their keys."""
        self._found.setdefault((table, kind, detail), []).extend(rows)

    def listed(self) -> list[Finding]:
        """All of them, by table, in the order found."""
        return [
            Finding(table, kind, named := spans(keys), _words(table, kind, named, detail))
            for (table, kind, detail), keys in self._found.items()
        ]


def spans(keys: Iterable[Any]) -> tuple[str, ...]:
    """Keys in words: numbers as spans, others as they are; a few, if there are many."""
    unique = set(keys)
    numbers = sorted(key for key in unique if isinstance(key, int))
    named = [str(a) if a == b else f"{a}-{b}" for a, b in runs(numbers)]
    named += sorted(str(key) for key in unique if not isinstance(key, int))
    if len(named) > MAX_SPANS:
        named = [*named[:MAX_SPANS], f"and {len(named) - MAX_SPANS} more"]
    return tuple(named)


def _words(table: str, kind: str, rows: tuple[str, ...], detail: str) -> str:
    said = f"{table} {', '.join(rows)}: {KINDS[kind]}"
    return f"{said} ({detail})" if detail else said
