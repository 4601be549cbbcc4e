"""What else an answer says: why an admin should decide, kinds of manipulation, regions.

Revision: 0006, after 0005. Answers given before say none of it. Columns that come last and may be
empty need no copy of the table, so the append-only triggers stay on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("label", sa.Column("escalation", sa.Text(), nullable=True))
    op.add_column("label", sa.Column("tags", sa.JSON(), nullable=True))
    op.add_column("label", sa.Column("regions", sa.JSON(), nullable=True))


def downgrade() -> None:
    _refuse_to_lose()
    for column in ("regions", "tags", "escalation"):
        op.drop_column("label", column)


def _refuse_to_lose() -> None:
    """People said it; the older program would not know what to do with it."""
    query = sa.text(
        "SELECT count(*) FROM label WHERE value = 'undecidable' OR escalation IS NOT NULL "
        "OR tags IS NOT NULL OR regions IS NOT NULL"
    )
    if n := op.get_bind().execute(query).scalar_one():
        raise RuntimeError(
            f"revision 0005 has no place for what {n} answers say; restore the copy that was made "
            "before the upgrade"
        )
