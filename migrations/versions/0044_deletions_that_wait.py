"""Images whose files are to go, once that can be undone no longer.

Revision: 0044, after 0043. The table begins empty: until now files were gone at once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

TABLE = "deletion"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_deletion_item_id_item")),
        sa.ForeignKeyConstraint(
            ["action_id"], ["bulk_action.id"], name=op.f("fk_deletion_action_id_bulk_action")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_deletion")),
    )
    op.create_index(op.f("ix_deletion_action_id"), TABLE, ["action_id"])


def downgrade() -> None:
    """What is hidden stays so: the older program knows no way back, and its files stay."""
    op.drop_index(op.f("ix_deletion_action_id"), table_name=TABLE)
    op.drop_table(TABLE)
