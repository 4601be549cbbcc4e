"""Seals of decisions from before everything was sealed: they stand in an event's details."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from array import array
from collections.abc import Sequence
from math import nan
from typing import Any

from storage.seals.tables import APPENDED, quoted

MAX_OLD_BATCHES = 1_000_000
"""Decisions of one event; what tells of more was not written by the program."""
_DECISION = APPENDED["decision"]


def span_of(details: Any) -> tuple[int, int] | None:
    """The first and the last decision that an event's details tell; None where they tell none."""
    try:
        first, last = details["decisions"]
        return (int(first), min(int(last), int(first) + MAX_OLD_BATCHES))
    except (KeyError, TypeError, ValueError):
        return None


def old_seal_holds(driver: sqlite3.Connection, details: dict[str, Any]) -> bool:
    """Whether the decisions are those that an event's details tell: which ones, the columns, and
    the SHA-256 of these."""
    try:
        first, last = details["decisions"]
        names = [name for name in details["columns"] if name in _DECISION.columns]
        return bool(old_seal(driver, first, last, names) == details["sha256"])
    except (KeyError, TypeError, ValueError):  # what nobody could have sealed
        return False


def old_seal(driver: sqlite3.Connection, first: int, last: int, names: Sequence[str]) -> str:
    """SHA-256 over columns of decisions as they are stored, column by column."""
    columns = ", ".join(map(quoted, names))
    query = f"SELECT {columns} FROM decision WHERE id BETWEEN ? AND ? ORDER BY id"
    rows = driver.execute(query, (first, last)).fetchall()
    digest = hashlib.sha256()
    for at, name in enumerate(names):
        values = [row[at] for row in rows]
        if name in _DECISION.floats:
            content = array("d", [nan if value is None else value for value in values]).tobytes()
        else:
            content = json.dumps(values, separators=(",", ":"), default=str).encode()
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return digest.hexdigest()
