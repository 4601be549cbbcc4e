"""Hashes of rows beside the events that they were written with, and an index of the keys' turns.

Revision: 0017, after 0016. A column that comes last and may be empty needs no copy of the table, so
the append-only triggers stay on. What is here already is sealed by `storage.seals.beginning` as
part of the upgrade: it needs the key, which no migration has.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from datetime import UTC, datetime
from math import nan
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "audit_event"
INDEX = "ix_audit_event_turns"
TURNS = "kind IN ('rekeyed', 'sealing_began')"
EVENTS = (
    "SELECT id, at, actor, kind, item_id, from_state, to_state, details "
    "FROM audit_event ORDER BY id"
)
HASH = "UPDATE audit_event SET details = ?, previous_hash = ?, hash = ? WHERE id = ?"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("seals", sa.Text(), nullable=True))
    where = sa.text(TURNS)
    op.create_index(INDEX, TABLE, ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """The older program knows no key: the chain is hashed anew as it would have done it."""
    op.drop_index(INDEX, TABLE)
    op.drop_column(TABLE, "seals")
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER {TABLE}_no_{verb}")
    _hash_anew()
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def _hash_anew() -> None:
    connection = op.get_bind()
    previous = "0" * 64
    for row_id, at, *about, text in connection.exec_driver_sql(EVENTS).fetchall():
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC).isoformat()
        details = json.loads(text)
        if "decisions" in details and "sha256" not in details:
            details |= _seal(connection, details["decisions"])
        content = [previous, moment, *about, details]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        values = (json.dumps(details), previous, digest, row_id)
        connection.exec_driver_sql(HASH, values)
        previous = digest


def _seal(connection: sa.Connection, span: list[int]) -> dict[str, Any]:
    """What the older program looks for in an event about a batch of decisions."""
    table = connection.exec_driver_sql("PRAGMA table_info(decision)").fetchall()
    kinds = {row[1]: row[2] for row in table if row[1] != "id"}
    rows = connection.exec_driver_sql(
        "SELECT * FROM decision WHERE id BETWEEN ? AND ? ORDER BY id", tuple(span)
    ).mappings()
    stored = list(rows)
    digest = hashlib.sha256()
    for name, kind in kinds.items():
        values = [row[name] for row in stored]
        if kind.startswith(("DOUBLE", "FLOAT")):
            content = array("d", [nan if value is None else value for value in values]).tobytes()
        else:
            content = json.dumps(values, separators=(",", ":"), default=str).encode()
        digest.update(f"{name}:{len(content)}:".encode() + content)
    return {"columns": list(kinds), "sha256": digest.hexdigest()}
