"""What monitoring found last: a table of its own.

Revision: 0032, after 0031. It begins empty: the first refresh fills it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "monitoring_result",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_monitoring_result")),
    )


def downgrade() -> None:
    """What was found is forgotten; the next program finds it again."""
    op.drop_table("monitoring_result")
