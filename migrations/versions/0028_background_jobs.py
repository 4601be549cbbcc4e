"""Background jobs: a table of their own.

Revision: 0028, after 0027. Nothing ran in the background before, so it begins empty.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

OPEN = "state IN ('queued', 'running')"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("asked_at", time, nullable=False),
        sa.Column("started_at", time, nullable=True),
        sa.Column("ended_at", time, nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("counting_since", time, nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("runner", sa.String(length=32), nullable=True),
        sa.Column("lease_until", time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    is_open = sa.text(OPEN)
    op.create_index("ix_job_open", "job", ["id"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("ix_job_kind", "job", ["kind", "id"])


def downgrade() -> None:
    """What they did stays done; that they ran is forgotten."""
    op.drop_index("ix_job_kind", table_name="job")
    op.drop_index("ix_job_open", table_name="job")
    op.drop_table("job")
