"""Indexes that images are found by, and the items on which people disagree.

Revision: 0033, after 0032. The index of an item's decisions takes in the numbers that searches ask
for. A trigger keeps the table of disagreements: labels are append-only, so each new one is looked
at, and items so far are looked at here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

PARTIAL = ("source", "verdict")
DECISIONS = "ix_decision_item"
FILL = """
    INSERT INTO disagreement SELECT item_id FROM label
    WHERE value IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM label later WHERE later.supersedes_id = label.id)
    GROUP BY item_id HAVING count(DISTINCT value) > 1
"""
TRIGGER = """
    CREATE TRIGGER label_disagrees AFTER INSERT ON label BEGIN
        DELETE FROM disagreement WHERE item_id = NEW.item_id;
        INSERT INTO disagreement SELECT NEW.item_id WHERE 1 < (
            SELECT count(DISTINCT value) FROM label
            WHERE item_id = NEW.item_id AND value IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM label later WHERE later.supersedes_id = label.id)
        );
    END
"""


def upgrade() -> None:
    op.create_table(
        "disagreement",
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_disagreement_item_id_item")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_disagreement")),
    )
    op.execute(FILL)
    op.execute(TRIGGER)
    for name in PARTIAL:
        there = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_item_{name}", "item", [name, "id"], sqlite_where=there, postgresql_where=there
        )
    op.create_index("ix_item_created", "item", ["created_at"])
    op.create_index("ix_label_user_item", "label", ["user_id", "item_id"])
    op.drop_index(DECISIONS, "decision")
    op.create_index(DECISIONS, "decision", ["item_id", "id", "p_fake", "std"])


def downgrade() -> None:
    op.drop_index(DECISIONS, "decision")
    op.create_index(DECISIONS, "decision", ["item_id", "id"])
    op.drop_index("ix_label_user_item", "label")
    op.drop_index("ix_item_created", "item")
    for name in PARTIAL:
        op.drop_index(f"ix_item_{name}", "item")
    op.execute("DROP TRIGGER label_disagrees")
    op.drop_table("disagreement")
