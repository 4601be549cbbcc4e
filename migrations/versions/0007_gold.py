"""Claims on gold: settled images with known labels that are handed out again.

Revision: 0007, after 0006. No older claim is one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "claim", sa.Column("gold", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Take the column away; answers on gold stay, as the extra answers that they are."""
    op.drop_column("claim", "gold")
