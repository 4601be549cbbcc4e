"""Whether the answers behind a verdict counted by their authors' skill.

Revision: 0042, after 0041. Of verdicts so far the log tells it, in the last event that gave or took
one; answers that came beside or too late (``extra``) give none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

FILL = """
    UPDATE item SET weighed = 1 WHERE verdict IS NOT NULL AND id IN (
        SELECT item_id FROM audit_event
        WHERE kind IN ('labelled', 'changed', 'undone')
        AND json_extract(details, '$.weighed') IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM audit_event later
            WHERE later.item_id = audit_event.item_id AND later.id > audit_event.id
            AND later.kind IN ('labelled', 'changed', 'undone')
            AND json_extract(later.details, '$.extra') IS NULL
        )
    )
"""


def upgrade() -> None:
    op.add_column(
        "item", sa.Column("weighed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.execute(FILL)


def downgrade() -> None:
    """The log has told of what was weighed."""
    op.drop_column("item", "weighed")
