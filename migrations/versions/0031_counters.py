# ruff: noqa: S608 - all that the statements are made of stands here
"""Counters of items, labels and known labels, in tables of their own, kept by triggers.

Revision: 0031, after 0030. Until now the first screen counted rows, which took seconds where there
were many. The counters begin with what is there.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

UPSERT = "DO UPDATE SET n = n + 1"
WAITING = "('in_review', 'escalated')"
CHANGED = " OR ".join(
    f"OLD.{name} IS NOT NEW.{name}"
    for name in ("state", "state_since", "came_to_people_at", "verdict", "source")
)


def _hour(time: str) -> str:
    return f"substr({time}, 1, 13)"


def _count_hour(kind: str, time: str, condition: str = "true") -> str:
    return (
        f"INSERT INTO hour_count (kind, hour, n) SELECT {kind}, {_hour(time)}, 1 WHERE {condition} "
        f"ON CONFLICT (kind, hour) {UPSERT}"
    )


def _uncount_hour(kind: str, time: str, condition: str = "true") -> str:
    return (
        f"UPDATE hour_count SET n = n - 1 "
        f"WHERE kind = {kind} AND hour = {_hour(time)} AND {condition}"
    )


def _done(row: str) -> str:
    """Condition for an item that waited for people, and does so no longer."""
    return f"{row}.came_to_people_at IS NOT NULL AND {row}.state NOT IN {WAITING}"


def _count_item(row: str) -> Sequence[str]:
    return (
        _count_hour(f"{row}.state", f"{row}.state_since"),
        _count_hour("'came'", f"{row}.came_to_people_at", _done(row)),
        _count_hour("'settled'", f"{row}.state_since", _done(row)),
        f"INSERT INTO source_count (source, state, verdict, n) VALUES "
        f"(coalesce({row}.source, ''), {row}.state, coalesce({row}.verdict, ''), 1) "
        f"ON CONFLICT (source, state, verdict) {UPSERT}",
    )


def _uncount_item(row: str) -> Sequence[str]:
    return (
        _uncount_hour(f"{row}.state", f"{row}.state_since"),
        _uncount_hour("'came'", f"{row}.came_to_people_at", _done(row)),
        _uncount_hour("'settled'", f"{row}.state_since", _done(row)),
        f"UPDATE source_count SET n = n - 1 WHERE source = coalesce({row}.source, '') "
        f"AND state = {row}.state AND verdict = coalesce({row}.verdict, '')",
    )


SUPERSEDED = "FROM label WHERE id = NEW.supersedes_id AND value IS NOT NULL"
TRIGGERS = {
    "item_counted_new": (
        "AFTER INSERT ON item",
        (_count_hour("'arrived'", "NEW.created_at"), *_count_item("NEW")),
    ),
    "item_counted": (
        "AFTER UPDATE OF state, state_since, came_to_people_at, verdict, source ON item "
        f"WHEN {CHANGED}",
        (*_uncount_item("OLD"), *_count_item("NEW")),
    ),
    "item_counted_gone": (
        "AFTER DELETE ON item",
        (_uncount_hour("'arrived'", "OLD.created_at"), *_uncount_item("OLD")),
    ),
    "label_counted": (
        "AFTER INSERT ON label",
        (
            "UPDATE hour_count SET n = n - 1 WHERE kind = 'label' "
            f"AND hour = (SELECT {_hour('labelled_at')} {SUPERSEDED})",
            "UPDATE label_count SET n = n - 1 "
            f"WHERE user_id = (SELECT user_id {SUPERSEDED}) "
            f"AND value = (SELECT value {SUPERSEDED})",
            _count_hour("'label'", "NEW.labelled_at", "NEW.value IS NOT NULL"),
            "INSERT INTO label_count (user_id, value, n) "
            "SELECT NEW.user_id, NEW.value, 1 WHERE NEW.value IS NOT NULL "
            f"ON CONFLICT (user_id, value) {UPSERT}",
        ),
    ),
    "known_label_counted": (
        "AFTER INSERT ON known_label",
        (_count_hour("'known_label'", "NEW.created_at"),),
    ),
    "known_label_counted_gone": (
        "AFTER DELETE ON known_label",
        (_uncount_hour("'known_label'", "OLD.created_at"),),
    ),
}
IN_FORCE = (
    "label WHERE value IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM label later WHERE later.supersedes_id = label.id)"
)
FILLED = (
    *(
        f"INSERT INTO hour_count SELECT {kind}, {_hour(time)}, count(*) FROM {rows} GROUP BY 1, 2"
        for kind, time, rows in (
            ("'arrived'", "created_at", "item"),
            ("state", "state_since", "item"),
            ("'came'", "came_to_people_at", f"item WHERE {_done('item')}"),
            ("'settled'", "state_since", f"item WHERE {_done('item')}"),
            ("'label'", "labelled_at", IN_FORCE),
            ("'known_label'", "created_at", "known_label"),
        )
    ),
    "INSERT INTO source_count SELECT coalesce(source, ''), state, coalesce(verdict, ''), count(*) "
    "FROM item GROUP BY 1, 2, 3",
    f"INSERT INTO label_count SELECT user_id, value, count(*) FROM {IN_FORCE} GROUP BY 1, 2",
)


def upgrade() -> None:
    op.create_table(
        "hour_count",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("hour", sa.String(length=13), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "hour", name=op.f("pk_hour_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "source_count",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "state", "verdict", name=op.f("pk_source_count")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_count",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_label_count_user_id")),
        sa.PrimaryKeyConstraint("user_id", "value", name=op.f("pk_label_count")),
        sqlite_with_rowid=False,
    )
    for statement in FILLED:
        op.execute(statement)
    for name, (event, does) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {event} BEGIN {'; '.join(does)}; END")


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    for table in ("label_count", "source_count", "hour_count"):
        op.drop_table(table)
