"""Hashes of rows beside the events that they were written with, and an index of the keys' turns.

Revision: 0017, after 0016. A column that comes last and may be empty needs no copy of the table, so
the append-only triggers stay on. What is here already is sealed by `storage.seals.beginning` as
part of the upgrade: it needs the key, which no migration has.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

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
HASH = "UPDATE audit_event SET previous_hash = ?, hash = ? WHERE id = ?"


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
    for row_id, at, *about, details in connection.exec_driver_sql(EVENTS).fetchall():
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC).isoformat()
        content = [previous, moment, *about, json.loads(details)]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(text.encode()).hexdigest()
        connection.exec_driver_sql(HASH, (previous, digest, row_id))
        previous = digest
