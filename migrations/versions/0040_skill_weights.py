"""What people's answers weigh in verdicts of several: a table of its own.

Revision: 0040, after 0039. It begins empty: all answers counted alike before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLE = "skill_weights"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("usual", sa.Double(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skill_weights")),
        sa.UniqueConstraint("as_of", name=op.f("uq_skill_weights_as_of")),
    )


def downgrade() -> None:
    """The older program lets all answers count alike; the log has told of all weights."""
    op.drop_table(TABLE)
