"""What reviewers know items by: a handle for each claim, which tells nothing of the item.

Revision: 0016, after 0015. Claims so far keep the number that their holders know the item by, so
open pages and answers that wait in a browser still find it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = "claim"
UNANSWERED = {
    "ix_claim_given_back": "outcome IN ('released', 'expired', 'outworn')",
    "ix_claim_skipped": "outcome = 'skipped'",
}


def upgrade() -> None:
    op.add_column(
        TABLE, sa.Column("handle", sa.String(length=32), nullable=False, server_default="")
    )
    op.execute("UPDATE claim SET handle = CAST(item_id AS TEXT)")
    op.create_index("ix_claim_handle", TABLE, ["user_id", "handle"])
    for name, condition in UNANSWERED.items():
        where = sa.text(condition)
        columns = ["user_id", "ended_at"]
        op.create_index(name, TABLE, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Handles are lost, and with them answers that wait in a browser under one."""
    op.execute("UPDATE claim SET outcome = 'expired' WHERE outcome = 'outworn'")
    for name in ("ix_claim_handle", *UNANSWERED):
        op.drop_index(name, TABLE)
    op.drop_column(TABLE, "handle")
