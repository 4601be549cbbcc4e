"""Tables whose rows single events of the log tell: what decides and what witnesses it.

The program asks the tables and never the log. No seal covers their rows: an event tells all that
its row says, so a row that was changed, added or taken out contradicts the log.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from storage.enums import AuditKind
from storage.seals.chain import Stored
from storage.seals.findings import Findings
from storage.seals.tables import Row, quoted


class _Table(NamedTuple):
    columns: tuple[str, ...]
    """What an event tells; the rows are numbered from 1 in the order of the log."""
    rows: Callable[[Stored, dict[str, Any]], list[Row]]
    """The rows that an event with these details was written with."""


def _attempts(event: Stored, details: dict[str, Any]) -> list[Row]:
    return [(details["checkpoint"], details.get("labels", ""), event.actor, event.at)]


_TOLD_BY: Mapping[str, tuple[str, _Table]] = {
    AuditKind.CERTIFICATION_TRIED.value: (
        "certification_attempt",
        _Table(("checkpoint_id", "labels", "tried_by", "tried_at"), _attempts),
    ),
}
"""Tables and what they have, by the kind of event."""


class ToldRows:
    """Collects what the events say in order; `compare` holds the rows against it."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Row]] = {name: [] for name, _ in _TOLD_BY.values()}

    def told(self, event: Stored) -> None:
        """The next event of the log."""
        found = _TOLD_BY.get(event.kind)
        if found is None:
            return
        name, table = found
        try:
            rows = table.rows(event, json.loads(event.details))
        except (KeyError, TypeError, ValueError, AttributeError):
            rows = [()]  # what the program never wrote: no row says the same
        self._rows[name] += rows

    def compare(self, driver: sqlite3.Connection, findings: Findings) -> None:
        """Name the rows that are not as the events told."""
        for name, table in _TOLD_BY.values():
            told = dict(enumerate(self._rows[name], start=1))
            columns = ", ".join(map(quoted, ("id", *table.columns)))
            for number, *row in driver.execute(f"SELECT {columns} FROM {quoted(name)}"):
                said = told.pop(number, None)
                if said is None:
                    findings.add(name, "added", [number])
                elif tuple(said) != tuple(row):
                    findings.add(name, "changed", [number])
            if told:
                findings.add(name, "missing", told)
