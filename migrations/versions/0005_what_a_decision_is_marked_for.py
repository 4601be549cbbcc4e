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
    op.drop_index(INDEX, "decision")
    op.drop_column("decision", "mark")
