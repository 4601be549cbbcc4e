"""Alarms of the audits, in a table of their own; so far the audit log was asked.

Revision: 0019, after 0018. Each side of an alarm's event becomes a row, in the order of the log.
There was one rule, which detects a change. An alarm is settled once, and nothing else of its row
may change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "alarm"
FIXED = (
    "id, policy_version, side, rule, raised_at, doubtful_versions, doubtful_route, doubtful_since"
)
RULE = "change_detection"
RAISED = "SELECT at, details FROM audit_event WHERE kind = 'alarm' ORDER BY id"
SETTLED = "SELECT at, details FROM audit_event WHERE kind = 'alarm_settled' ORDER BY id DESC"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("doubtful_versions", sa.JSON(), nullable=True),
        sa.Column("doubtful_route", sa.String(length=20), nullable=True),
        sa.Column("doubtful_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policy.version"], name=op.f("fk_alarm_policy_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm")),
        sa.UniqueConstraint("policy_version", "side", name=op.f("uq_alarm_policy_version_side")),
    )
    rows = list(_rows())
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        insert = f"INSERT INTO {TABLE} ({FIXED}, settled_at) VALUES ({marks})"  # noqa: S608
        op.get_bind().exec_driver_sql(insert, rows)
    for name, when in (
        ("no_delete", "DELETE"),
        ("no_update", f"UPDATE OF {FIXED}"),
        ("settled_once", "UPDATE OF settled_at"),
    ):
        condition = "WHEN old.settled_at IS NOT NULL " if name == "settled_once" else ""
        op.execute(
            f"CREATE TRIGGER {TABLE}_{name} BEFORE {when} ON {TABLE} {condition}"
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def downgrade() -> None:
    """The log has told of every alarm."""
    op.drop_table(TABLE)


def _rows() -> Iterator[tuple[Any, ...]]:
    connection = op.get_bind()
    settled: dict[int, str] = {}
    for at, text in connection.exec_driver_sql(SETTLED).fetchall():
        settled[json.loads(text)["version"]] = at  # the first counts, which comes last here
    number = 0
    for at, text in connection.exec_driver_sql(RAISED).fetchall():
        details = json.loads(text)
        version, sides = details["version"], details["sides"]
        spans = details["reopen"] or [None] * len(sides)
        for side, span in zip(sides, spans, strict=True):
            number += 1
            yield number, version, side, RULE, at, *_doubt(span), settled.get(version)


def _doubt(span: dict[str, Any] | None) -> tuple[str | None, str | None, str | None]:
    if span is None:
        return None, None, None
    since = datetime.fromisoformat(span["since"]).astimezone(UTC)
    return json.dumps(span["versions"]), span["route"], f"{since:%Y-%m-%d %H:%M:%S.%f}"
