"""The places of faces in an image, in a table of their own.

Revision: 0025, after 0024. Nobody looked for faces before, so no image has a row; one is written
when an image is scored next.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "face",
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("finder", sa.String(length=40), nullable=False),
        sa.Column("boxes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_face_item_id")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_face")),
    )


def downgrade() -> None:
    """They are found again when images are scored."""
    op.drop_table("face")
