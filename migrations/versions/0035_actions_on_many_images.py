"""Actions on many images, what each has changed, and what they leave: tags, assignments, the
archive, tombstones.

Revision: 0035, after 0037.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0037"
branch_labels = None
depends_on = None

APPEND_ONLY = {"bulk_change": ("UPDATE", "DELETE"), "tombstone": ("UPDATE", "DELETE")}
LEAVES = """
    AFTER UPDATE OF disabled_at ON user WHEN NEW.disabled_at IS NOT NULL
    BEGIN UPDATE assignment SET until = NEW.disabled_at WHERE user_id = NEW.id; END
"""
"""Whose account is closed keeps no image from others."""
OF_ITEMS = ("archived_item", "item_tag", "assignment", "tombstone", "bulk_change")


def upgrade() -> None:
    op.create_table(
        "bulk_action",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("below", sa.Integer(), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("touched", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["bulk_action.id"], name=op.f("fk_bulk_action_undoes_id_bulk_action")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_action")),
        sa.UniqueConstraint("key", name=op.f("uq_bulk_action_key")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_bulk_action_undoes_id")),
    )
    op.create_table(
        "bulk_change",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        _item(),
        sa.Column("to_state", sa.String(length=20), nullable=True),
        sa.Column("was", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["bulk_action.id"], name=op.f("fk_bulk_change_action_id_bulk_action")
        ),
        _of_item("bulk_change"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change")),
    )
    op.create_index("uq_bulk_change", "bulk_change", ["action_id", "item_id"], unique=True)
    op.create_index("ix_bulk_change_item", "bulk_change", ["item_id", "id"])
    op.create_table(
        "assignment",
        _item(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        _of_item("assignment"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_assignment_user_id_user")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_assignment")),
    )
    op.create_index("ix_assignment_user", "assignment", ["user_id", "item_id"])
    op.create_index("ix_assignment_until", "assignment", ["until"])
    op.create_table(
        "item_tag",
        sa.Column("tag", sa.String(length=60), nullable=False),
        _item(),
        _of_item("item_tag"),
        sa.PrimaryKeyConstraint("tag", "item_id", name=op.f("pk_item_tag")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_item_tag_item", "item_tag", ["item_id", "tag"])
    op.create_table(
        "archived_item",
        _item(),
        _of_item("archived_item"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_archived_item")),
    )
    op.create_table(
        "tombstone",
        _item(),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("deleted_by", sa.String(length=100), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _of_item("tombstone"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_tombstone")),
    )
    op.create_index(op.f("ix_tombstone_sha256"), "tombstone", ["sha256"])
    op.execute(f"CREATE TRIGGER user_leaves {LEAVES}")
    for table, verbs in APPEND_ONLY.items():
        for verb in verbs:
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    """The log has told of every action. What was placed by hand stays a chosen one."""
    op.execute("DROP TRIGGER user_leaves")
    op.execute("UPDATE item SET placed_by = 'deadline' WHERE placed_by = 'hand'")
    for table in (*OF_ITEMS, "bulk_action"):
        op.drop_table(table)


def _item() -> sa.Column[int]:
    return sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False)


def _of_item(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f(f"fk_{table}_item_id_item"))
