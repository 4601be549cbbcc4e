"""Places in the queue, in a table of their own in place of an index of ``item``.

Revision: 0008, after 0007. Triggers keep it, so that whatever changes an item keeps its place
right. What the policy accepts stays in it until it is swept out: see `storage.models.QueuePlace`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WAITING = ("in_review", "escalated")
WAITS = f"IN {WAITING}"
TRIGGERS = {
    "item_comes_new": f"AFTER INSERT ON item WHEN NEW.state {WAITS}",
    "item_comes": f"AFTER UPDATE OF state, rank ON item WHEN NEW.state {WAITS}",
    "item_leaves": (
        f"AFTER UPDATE OF state, rank ON item WHEN OLD.state {WAITS} "
        "AND NEW.state <> 'auto_accepted' AND (NEW.state, NEW.rank) <> (OLD.state, OLD.rank)"
    ),
    "item_leaves_for_good": f"AFTER DELETE ON item WHEN OLD.state {WAITS}",
}
COME = "INSERT OR IGNORE INTO queue_place VALUES (NEW.state, NEW.rank, NEW.id)"
LEAVE = "DELETE FROM queue_place WHERE state = OLD.state AND rank = OLD.rank AND item_id = OLD.id"


def upgrade() -> None:
    op.create_table(
        "queue_place",
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("rank", sa.Double(), nullable=False),
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("state", "rank", "item_id", name=op.f("pk_queue_place")),
        sqlite_with_rowid=False,
    )
    columns: list[sa.ColumnClause[str]] = [sa.column(name) for name in ("state", "rank", "id")]
    items = sa.table("item", *columns)
    waiting = sa.select(*columns).where(items.c.state.in_(WAITING)).order_by(*columns)
    places = sa.table("queue_place", *(sa.column(name) for name in ("state", "rank", "item_id")))
    op.execute(sa.insert(places).from_select(["state", "rank", "item_id"], waiting))
    op.drop_index("ix_item_queue", table_name="item")
    for name, event in TRIGGERS.items():
        does = COME if name.startswith("item_comes") else LEAVE
        op.execute(f"CREATE TRIGGER {name} {event} BEGIN {does}; END")


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.create_index("ix_item_queue", "item", ["state", "rank", "id"], unique=False)
    op.drop_table("queue_place")
