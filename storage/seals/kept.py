"""Rows of small tables that change: each as its newest seal has it."""

from __future__ import annotations

import sqlite3

from storage.seals.findings import Findings
from storage.seals.tables import KEPT


class Kept:
    """A collection of the seals in order; the newest of a row counts."""

    def __init__(self) -> None:
        self._newest: dict[str, dict[str, str | None]] = {table: {} for table in KEPT}

    def told(self, seals: dict[str, dict[str, str | None]]) -> None:
        """What an event says of rows, by table and key; None: a row was taken out."""
        for table, rows in seals.items():
            self._newest[table].update(rows)

    def compare(self, driver: sqlite3.Connection, findings: Findings) -> None:
        """Compare them with the rows that there are."""
        for table, sealed in KEPT.items():
            told = {key: digest for key, digest in self._newest[table].items() if digest}
            for row in driver.execute(sealed.select):
                digest = told.pop(str(row[0]), None)
                if digest is None:
                    findings.add(table, "added", [row[0]])
                elif digest != sealed.digest([row]):
                    findings.add(table, "changed", [row[0]])
            if told:
                findings.add(table, "missing", (int(k) if k.isdigit() else k for k in told))
