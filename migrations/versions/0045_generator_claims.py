"""What files say of the generators that made them: a table, for images to be found by.

Revision: 0045, after 0044. It begins empty: the program reads the metadata of all images at the end
of every upgrade, with the rules that it has.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLE = "generator_claim"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("generator", sa.String(length=80), nullable=False),
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_generator_claim_item_id_item")
        ),
        sa.PrimaryKeyConstraint("generator", "item_id", name=op.f("pk_generator_claim")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_generator_claim_item", TABLE, ["item_id", "generator"])


def downgrade() -> None:
    """The metadata say the same."""
    op.drop_table(TABLE)
