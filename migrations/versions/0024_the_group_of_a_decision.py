"""The group that the policy found an image in, beside each decision.

Revision: 0024, after 0023. Older policies knew no groups, so their decisions have none; and a seal
leaves out a column that is empty in all of its rows, so theirs hold.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("group_name", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("decision", "group_name")
