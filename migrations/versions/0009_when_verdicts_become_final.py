"""The moment until which an answer, and the verdict that rests on it, may still be taken back.

Revision: 0009, after 0008. Answers given before could be taken back at any time; from here on they
are final. Columns that come last and may be empty need no copy of the table, so the append-only
triggers stay on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("label", "item")


def upgrade() -> None:
    waiting = sa.text("final_at IS NOT NULL")
    for table in TABLES:
        op.add_column(table, sa.Column("final_at", sa.DateTime(timezone=True), nullable=True))
        op.create_index(
            f"ix_{table}_final",
            table,
            ["final_at"],
            sqlite_where=waiting,
            postgresql_where=waiting,
        )


def downgrade() -> None:
    """The older program knows no window: every verdict counts at once."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_final", table)
        op.drop_column(table, "final_at")
