"""Comparisons of a challenger with the champion, append-only.

Revision: 0027, after 0026.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLE = "comparison"
DETECTORS = ("champion_id", "challenger_id")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        *(sa.Column(name, sa.String(length=120), nullable=False) for name in DETECTORS),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("compared_by", sa.String(length=100), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], ["checkpoint.id"], name=op.f(f"fk_comparison_{name}"))
            for name in DETECTORS
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparison")),
    )
    op.create_index("ix_comparison_challenger", TABLE, ["challenger_id", "id"])
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def downgrade() -> None:
    """The log has told of every comparison."""
    op.drop_index("ix_comparison_challenger", TABLE)
    op.drop_table(TABLE)
