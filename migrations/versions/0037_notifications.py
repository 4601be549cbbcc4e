# ruff: noqa: S608 - all that the statements are made of stands here
"""Who is told of alarms and decisions, and the outbox of what is to be told.

Revision: 0037, after 0033. Triggers write what happens to items into the outbox, in the transaction
that it happens in, while somebody wants to hear of it. Nobody does yet, so the tables begin empty.
Who added an item is known from now on; for the items so far, the log's events say it, once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0033"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
SOMEBODY_HEARS = "EXISTS (SELECT 1 FROM subscription WHERE removed_at IS NULL AND hears_items)"
NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
"""The time as the program stores it, to the thousandth of a second."""
NEWEST = "(SELECT max(id) FROM decision WHERE item_id = NEW.{item})"
CHANGED = "(OLD.state IS NOT NEW.state OR OLD.verdict IS NOT NEW.verdict)"
TOPIC = """CASE
    WHEN NEW.state = 'auto_accepted' THEN 'item.auto_accepted'
    WHEN NEW.state = 'resolved' THEN 'item.resolved'
    WHEN OLD.state = NEW.state THEN NULL
    WHEN NEW.state = 'escalated' THEN 'item.escalated'
    WHEN NEW.state = 'failed' THEN 'item.failed'
    WHEN NEW.state = 'in_review' AND OLD.state IN ('auto_accepted', 'resolved', 'escalated')
    THEN 'item.reopened'
END"""
TRIGGERS = {
    "item_told": f"""
        AFTER UPDATE OF state, verdict ON item WHEN {CHANGED} AND {SOMEBODY_HEARS} BEGIN
            INSERT INTO outbox_event
            (topic, line, item_id, state, verdict, final_at, decision_id, at)
            SELECT topic, 'item:' || NEW.id, NEW.id, NEW.state, NEW.verdict, NEW.final_at,
            {NEWEST.format(item="id")}, {NOW}
            FROM (SELECT {TOPIC} AS topic) WHERE topic IS NOT NULL;
        END""",
    "correction_told": f"""
        AFTER INSERT ON correction WHEN {SOMEBODY_HEARS} BEGIN
            INSERT INTO outbox_event (topic, line, item_id, state, verdict, decision_id, at)
            SELECT 'item.corrected', 'item:' || NEW.item_id, NEW.item_id, state, NEW.value,
            {NEWEST.format(item="item_id")}, {NOW} FROM item WHERE id = NEW.item_id;
        END""",
}
ADDED_BY = """
    UPDATE item SET added_by = (
        SELECT actor FROM audit_event
        WHERE audit_event.item_id = item.id AND kind = 'ingested' ORDER BY audit_event.id LIMIT 1
    )
"""


def upgrade() -> None:
    op.add_column("item", sa.Column("added_by", sa.String(length=100), nullable=True))
    op.execute(ADDED_BY)
    _subscriptions()
    _events()
    _deliveries()
    _alerts()
    for name, does in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {does}")


def _subscriptions() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("hears_items", sa.Boolean(), nullable=False),
        sa.Column("cursor", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("removed_by", sa.String(length=100), nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    hears = sa.text("removed_at IS NULL AND hears_items")
    op.create_index(
        "ix_subscription_items", "subscription", ["id"], sqlite_where=hears, postgresql_where=hears
    )


def _events() -> None:
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("final_at", TIME, nullable=True),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_outbox_event_item_id")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decision.id"], name=op.f("fk_outbox_event_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_event")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_event_at", "outbox_event", ["at"])


def _deliveries() -> None:
    table = "outbox_delivery"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_outbox_delivery_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["outbox_event.id"], name=op.f("fk_outbox_delivery_event_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_delivery")),
        sa.UniqueConstraint(
            "subscription_id", "event_id", name=op.f("uq_outbox_delivery_subscription_id_event_id")
        ),
    )
    due, line = sa.text("state = 'waiting'"), sa.text("state IN ('waiting', 'held', 'dead')")
    op.create_index(
        "ix_outbox_delivery_due",
        table,
        ["subscription_id", "due_at"],
        sqlite_where=due,
        postgresql_where=due,
    )
    op.create_index(
        "ix_outbox_delivery_line",
        table,
        ["subscription_id", "line", "event_id"],
        sqlite_where=line,
        postgresql_where=line,
    )
    op.create_index("ix_outbox_delivery_event", table, ["event_id"])


def _alerts() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("raised_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    holds = sa.text("settled_at IS NULL")
    op.create_index(
        "uq_alert_open",
        "alert",
        ["topic", "subject"],
        unique=True,
        sqlite_where=holds,
        postgresql_where=holds,
    )


def downgrade() -> None:
    """Nobody is told of anything any more; the log has told of every subscription."""
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    for table in ("alert", "outbox_delivery", "outbox_event", "subscription"):
        op.drop_table(table)
    op.drop_column("item", "added_by")
