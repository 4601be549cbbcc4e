"""What admins have put on images: deletions, tombstones and assignments, beside the sealed changes
that put them there."""

from __future__ import annotations

import sqlite3

from storage.enums import BulkKind
from storage.repositories.queue import KEPT
from storage.seals.findings import Findings

_CHANGED = """
    SELECT 1 FROM bulk_change JOIN bulk_action ON bulk_action.id = bulk_change.action_id
    WHERE bulk_change.item_id = {item} AND bulk_action.kind = '{kind}'
"""
# Until files waited for the end of the time to undo, a deletion itself made the tombstone.
_AT_ONCE = "json_extract(bulk_action.details, '$.due') IS NULL"
_PURGED = _CHANGED.format(item="tombstone.item_id", kind=BulkKind.PURGE)
_DELETED = _CHANGED.format(item="tombstone.item_id", kind=BulkKind.DELETE)
_HIDDEN = _CHANGED.format(item="deletion.item_id", kind=BulkKind.DELETE)
_LEFT = "SELECT 1 FROM {table} WHERE {table}.item_id = bulk_change.item_id"
_ASSIGNED = _CHANGED.format(item="assignment.item_id", kind=BulkKind.ASSIGN)
_CHECKS = (
    (
        "tombstone",
        "added",
        f"SELECT item_id FROM tombstone WHERE NOT EXISTS ({_PURGED}) "
        f"AND NOT EXISTS ({_DELETED} AND {_AT_ONCE})",
    ),
    (
        "tombstone",
        "missing",
        "SELECT item_id FROM bulk_change JOIN bulk_action ON bulk_action.id = action_id "
        f"WHERE (kind = '{BulkKind.PURGE}' OR kind = '{BulkKind.DELETE}' AND {_AT_ONCE}) "
        f"AND NOT EXISTS ({_LEFT.format(table='tombstone')}) "
        f"AND NOT EXISTS ({_LEFT.format(table='deletion')})",
    ),
    (
        "deletion",
        "added",
        f"SELECT item_id FROM deletion WHERE NOT EXISTS ({_HIDDEN} "
        "AND bulk_action.id = deletion.action_id)",
    ),
    (
        "assignment",
        "added",
        f"SELECT item_id FROM assignment WHERE NOT EXISTS ({_ASSIGNED} "
        "AND json_extract(bulk_action.details, '$.person') = assignment.user_id)",
    ),
    (
        "assignment",
        "missing",
        f"SELECT id FROM item WHERE rank >= {KEPT} "
        "AND NOT EXISTS (SELECT 1 FROM assignment WHERE item_id = item.id)",
    ),
)


def compare_put(driver: sqlite3.Connection, findings: Findings) -> None:
    """Name what no change put there, and what one did and is gone."""
    for table, kind, query in _CHECKS:
        ids = [row[0] for row in driver.execute(query)]
        if ids:
            findings.add(table, kind, ids)
