"""What detectors make of images' features before they ask any head: a table of its own.

Revision: 0046, after 0045. It begins empty: a row is written when an image is scored next.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TABLE = "projection"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("projection_key", sa.String(length=240), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "projection_key", name=op.f("pk_projection")),
    )


def downgrade() -> None:
    """They are made again from the features."""
    op.drop_table(TABLE)
