"""Attempts to certify, in an append-only table of their own; so far the audit log was asked.

Revision: 0018, after 0017. Each event of an attempt becomes a row, in the order of the log.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLE = "certification_attempt"
INDEX = "ix_certification_attempt_checkpoint"
TRIED = "SELECT at, actor, details FROM audit_event WHERE kind = 'certify_tried' ORDER BY id"
ATTEMPT = (
    "INSERT INTO certification_attempt (id, checkpoint_id, labels, tried_by, tried_at) "
    "VALUES (?, ?, ?, ?, ?)"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("checkpoint_id", sa.String(length=120), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("tried_by", sa.String(length=100), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_id"],
            ["checkpoint.id"],
            name=op.f("fk_certification_attempt_checkpoint_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification_attempt")),
    )
    op.create_index(INDEX, TABLE, ["checkpoint_id", "tried_at"])
    _fill()
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def downgrade() -> None:
    """The log has told of every attempt."""
    op.drop_index(INDEX, TABLE)
    op.drop_table(TABLE)


def _fill() -> None:
    connection = op.get_bind()
    events = connection.exec_driver_sql(TRIED).fetchall()
    for number, (at, actor, text) in enumerate(events, start=1):
        details = json.loads(text)
        row = (number, details["checkpoint"], details.get("labels", ""), actor, at)
        connection.exec_driver_sql(ATTEMPT, row)
