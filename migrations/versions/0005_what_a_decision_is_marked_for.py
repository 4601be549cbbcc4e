"""What else an image in review is good for: retraining, a second reviewer.

Revision: 0005, after 0004. Decisions made before have no mark. A column that comes last and may be
empty needs no copy of the table, so the append-only triggers stay on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEX = "ix_decision_mark"


def upgrade() -> None:
    op.add_column("decision", sa.Column("mark", sa.String(20), nullable=True))
    marked = sa.text("mark IS NOT NULL")
    columns = ["mark", "item_id"]
    op.create_index(INDEX, "decision", columns, sqlite_where=marked, postgresql_where=marked)


def downgrade() -> None:
    _refuse_to_lose()
    op.drop_index(INDEX, "decision")
    op.drop_column("decision", "mark")


def _refuse_to_lose() -> None:
    """The audit log seals decisions with their marks: without them it would not hold."""
    query = sa.text("SELECT count(*) FROM decision WHERE mark IS NOT NULL")
    if n := op.get_bind().execute(query).scalar_one():
        raise RuntimeError(
            f"revision 0004 has no place for the marks of {n} decisions, which the audit log "
            "seals; restore the copy that was made before the upgrade"
        )
