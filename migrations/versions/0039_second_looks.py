"""Images that are shown to a second person by chance: a table of its own.

Revision: 0039, after 0036. It begins empty: nothing was drawn before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLE = "second_look"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("label_id", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_second_look_item_id")),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_second_look_label_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_look")),
        sa.UniqueConstraint("label_id", name=op.f("uq_second_look_label_id")),
    )
    op.create_index("ix_second_look_item", TABLE, ["item_id"])


def downgrade() -> None:
    """The older program shows no image twice by chance; the log has told of every draw."""
    op.drop_index("ix_second_look_item", table_name=TABLE)
    op.drop_table(TABLE)
