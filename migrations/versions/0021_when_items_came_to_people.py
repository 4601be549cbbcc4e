"""The time at which an item came to the people who settled it; so far the audit log was asked.

Revision: 0021, after 0020. The last event with which an item left people tells it, if the program
that wrote it did.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COLUMN = "came_to_people_at"
PEOPLE = "('in_review', 'escalated')"
TOLD = f"""
SELECT json_extract(details, '$.came_to_people') FROM audit_event
WHERE item_id = item.id AND from_state IN {PEOPLE} AND to_state NOT IN {PEOPLE}
ORDER BY id DESC LIMIT 1
"""  # noqa: S608
FILL = f"UPDATE item SET {COLUMN} = ({TOLD})"  # noqa: S608
AS_STORED = f"""
UPDATE item SET {COLUMN} = replace(substr({COLUMN}, 1, 19), 'T', ' ')
    || CASE substr({COLUMN}, 20, 1) WHEN '.' THEN substr({COLUMN}, 20, 7) ELSE '.000000' END
WHERE {COLUMN} IS NOT NULL
"""  # noqa: S608


def upgrade() -> None:
    op.add_column("item", sa.Column(COLUMN, sa.DateTime(timezone=True), nullable=True))
    op.execute(FILL)
    op.execute(AS_STORED)


def downgrade() -> None:
    """The log has told it."""
    op.drop_column("item", COLUMN)
