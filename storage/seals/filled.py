"""Columns of images and items that were filled in after they were sealed: found backwards, from how
their rows are now to how they were."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from storage.seals.chain import key_of, stored_events
from storage.seals.findings import Findings
from storage.seals.keyring import Keyring
from storage.seals.sealing import digest_of, values_in

Overlays = dict[str, dict[int, dict[str, Any]]]
"""The values that columns held when the row was sealed, by table and row."""
_TOLD = "(seals LIKE '%\"changed\":%' OR seals LIKE '%\"filled\":%')"


def read_filled(
    driver: sqlite3.Connection, keys: Keyring, begun: int, findings: Findings
) -> Overlays:
    """Compare what was filled in since event ``begun`` with what is there, newest first."""
    overlays: Overlays = {}
    for seals in reversed(list(_told(driver, keys, begun))):
        for table, column, spans, digest in reversed(seals.get("filled", [])):
            _unfill(driver, overlays, (table, column, spans, digest), findings)
        for table, rows in seals.get("changed", {}).items():
            for row_id, columns in reversed(rows):
                for column, (old, new) in columns.items():
                    _undo(driver, overlays, (table, row_id, column), old, new, findings)
    return overlays


def _told(driver: sqlite3.Connection, keys: Keyring, begun: int) -> Iterator[dict[str, Any]]:
    for event in stored_events(driver, f"id >= {begun} AND {_TOLD}"):
        if event.seals is not None and key_of(event, keys) is not None:
            yield json.loads(event.seals)


def _undo(
    driver: sqlite3.Connection,
    overlays: Overlays,
    where: tuple[str, int, str],
    old: Any,
    new: Any,
    findings: Findings,
) -> None:
    table, row_id, column = where
    ((_, now),) = _values(driver, overlays, table, column, [(row_id, row_id)]) or [(row_id, None)]
    if now != new:
        findings.add(table, "changed", [row_id], column)
    overlays.setdefault(table, {}).setdefault(row_id, {})[column] = old


def _unfill(
    driver: sqlite3.Connection,
    overlays: Overlays,
    told: tuple[str, str, list[tuple[int, int]], str],
    findings: Findings,
) -> None:
    table, column, spans, digest = told
    rows = _values(driver, overlays, table, column, spans)
    if digest_of(table, column, rows) != digest:
        findings.add(table, "changed", (row[0] for row in rows), column)
    for row_id, _ in rows:
        overlays.setdefault(table, {}).setdefault(row_id, {})[column] = None


def _values(
    driver: sqlite3.Connection,
    overlays: Overlays,
    table: str,
    column: str,
    spans: list[tuple[int, int]],
) -> list[tuple[int, Any]]:
    """What a column held before all that was undone already."""
    was = overlays.get(table, {})
    return [
        (row_id, was.get(row_id, {}).get(column, value))
        for row_id, value in values_in(driver, table, column, spans)
    ]
