"""What a database holds, and its schema, for comparing them before and after a migration."""

from __future__ import annotations

import sqlite3
from typing import Any

from storage.database import Database

COUNTERS = {"hour_count", "source_count", "label_count"}
Rows = dict[str, list[dict[str, Any]]]


def rows(database: Database) -> Rows:
    """Every row by table, but for what Alembic and SQLite keep, and for counters that have
    come to 0: those are gone once all is counted anew."""
    raw = sqlite3.connect(str(database.engine.url.database))
    raw.row_factory = sqlite3.Row
    names = [
        name
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if name not in {"alembic_version", "sqlite_sequence"}  # bookkeeping of theirs
    ]
    found = {name: [dict(row) for row in raw.execute(f"SELECT * FROM {name!r}")] for name in names}
    raw.close()
    for name in COUNTERS & found.keys():
        found[name] = [row for row in found[name] if row["n"]]
    return found


def without(found: Rows, columns: set[str]) -> Rows:
    """``found`` less ``columns``, of whatever table."""
    return {
        table: [{k: v for k, v in row.items() if k not in columns} for row in kept]
        for table, kept in found.items()
    }


def schema(database: Database) -> set[tuple[str, ...]]:
    """Every statement of the schema as its sorted lines: a copied table may order constraints
    otherwise."""
    raw = sqlite3.connect(str(database.engine.url.database))
    found = raw.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    raw.close()
    return {tuple(sorted(line.strip(" \t,") for line in sql.splitlines())) for (sql,) in found}
