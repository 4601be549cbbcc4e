"""What each item's rank in the queue was made from, in a column of its own beside it.

Revision: 0022, after 0021. So far the range of the number told it, and those ranges stay, so that
an older program still finds them. The default lets SQLite add the column without a copy of the
table. Labels of what was placed by anything but the time of its run are no evidence, so the seals
of verdicts are compared with this column from now on: it says of each item what its rank said.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column(
        "placed_by", sa.String(length=20), nullable=False, server_default=sa.text("'time'")
    )
    op.add_column("item", column)
    op.execute(
        "UPDATE item SET placed_by = CASE WHEN rank >= -1 THEN 'time_again' "
        "WHEN rank >= -2 THEN 'worth' ELSE 'deadline' END WHERE rank < 0"
    )


def downgrade() -> None:
    op.drop_column("item", "placed_by")
