"""Rows beside the seals that cover them, both in order, so that neither is kept in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storage.seals.findings import Findings
from storage.seals.tables import Row, Sealed

Overlay = Mapping[int, Mapping[str, Any]]
"""The values that columns held before they were filled in, by row."""


class Walk:
    """A walk over one table whose rows are added by ascending key."""

    def __init__(
        self, driver: sqlite3.Connection, sealed: Sealed, overlay: Overlay, findings: Findings
    ) -> None:
        self._sealed = sealed
        self._overlay = overlay
        self._findings = findings
        query = f"{sealed.select} ORDER BY {sealed.key}"
        self._rows: Iterator[Row] = iter(driver.execute(query))
        self._next: Row | None = next(self._rows, None)

    def cover(self, first: int, last: int, digest: str, n: int) -> list[Row]:
        """The rows that a seal covers, which are compared with it."""
        self._pass_by(first)
        rows = []
        while self._next is not None and self._next[0] <= last:
            rows.append(self._next)
            self._next = next(self._rows, None)
        if self._sealed.digest([self._as_sealed(row) for row in rows]) != digest:
            self._tell(first, last, rows, n)
        return rows

    def finish(self) -> None:
        """No seal covers what is left."""
        while self._next is not None:
            self._pass_by(self._next[0] + 1)

    def _pass_by(self, first: int) -> None:
        while self._next is not None and self._next[0] < first:
            self._findings.add(self._sealed.name, "added", [self._next[0]])
            self._next = next(self._rows, None)

    def _as_sealed(self, row: Row) -> Row:
        was = self._overlay.get(row[0])
        if was is None:
            return row
        named = zip(self._sealed.columns, row, strict=True)
        return tuple(was.get(name, value) for name, value in named)

    def _tell(self, first: int, last: int, rows: Sequence[Row], n: int) -> None:
        there = {row[0] for row in rows}
        name = self._sealed.name
        if len(rows) >= n:
            self._findings.add(name, "changed", there)
        elif n == last - first + 1:
            self._findings.add(name, "missing", set(range(first, last + 1)) - there)
        else:
            detail = f"{n - len(rows)} of them"
            self._findings.add(name, "missing", range(first, last + 1), detail)
