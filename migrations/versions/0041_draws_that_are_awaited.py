# ruff: noqa: S608 - all that the statements are made of stands here
"""Draws for second looks that somebody may still be shown, in a table of their own.

Revision: 0041, after 0034. Until now the newest 300 draws were looked through, so those of a
backlog were never shown. Triggers keep the table; draws so far are looked at here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0034"
branch_labels = None
depends_on = None

TABLE = "awaited_look"
OPEN = """
    SELECT second_look.id, second_look.item_id, first.user_id
    FROM second_look JOIN label first ON first.id = second_look.label_id
    WHERE NOT EXISTS (SELECT 1 FROM label later WHERE later.supersedes_id = first.id)
    AND NOT EXISTS (
        SELECT 1 FROM label other
        WHERE other.item_id = second_look.item_id AND other.user_id <> first.user_id
        AND other.value IS NOT NULL AND NOT other.extra
        AND NOT EXISTS (SELECT 1 FROM label later WHERE later.supersedes_id = other.id)
    )
    AND NOT EXISTS (SELECT 1 FROM correction WHERE item_id = second_look.item_id)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE item_id = second_look.item_id)
"""
"""Nobody else has answered on the image or decided it, and there is something to look at."""
FILL = f"INSERT INTO {TABLE} (id, item_id, user_id) {OPEN}"
FORGET = f"DELETE FROM {TABLE} WHERE item_id = NEW.item_id"
TRIGGERS = {
    "look_awaited": (
        "AFTER INSERT ON second_look",
        (FORGET, f"{FILL} AND second_look.item_id = NEW.item_id"),
    ),
    "look_answered": (
        "AFTER INSERT ON label WHEN EXISTS (SELECT 1 FROM second_look WHERE item_id = NEW.item_id)",
        (FORGET, f"{FILL} AND second_look.item_id = NEW.item_id"),
    ),
    "look_corrected": ("AFTER INSERT ON correction", (FORGET,)),
    "look_deleted": ("AFTER INSERT ON tombstone", (FORGET,)),
}


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["id"], ["second_look.id"], name=op.f("fk_awaited_look_id_second_look")
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_awaited_look_item_id_item")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_awaited_look_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awaited_look")),
        sa.UniqueConstraint("item_id", name=op.f("uq_awaited_look_item_id")),
    )
    op.create_index(op.f("ix_awaited_look_user_id"), TABLE, ["user_id"])
    op.execute(FILL)
    for name, (event, statements) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {event} BEGIN {'; '.join(statements)}; END")


def downgrade() -> None:
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.drop_index(op.f("ix_awaited_look_user_id"), table_name=TABLE)
    op.drop_table(TABLE)
