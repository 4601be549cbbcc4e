"""Calls of programs that may be sent again.

Revision: 0030, after 0029. The table begins empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TABLE = "idempotent_call"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        TABLE,
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("began_at", time, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("expires_at", time, nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotent_call")),
    )
    op.create_index("ix_idempotent_call_expires_at", TABLE, ["expires_at"])


def downgrade() -> None:
    """Whoever sends a call again has it done again."""
    op.drop_index("ix_idempotent_call_expires_at", table_name=TABLE)
    op.drop_table(TABLE)
