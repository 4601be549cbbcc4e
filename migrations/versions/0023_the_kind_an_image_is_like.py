"""The kind of images that an image is most like, beside what a checkpoint's head says of it.

Revision: 0023, after 0022. Nobody asked that of earlier predictions, so they have none; and a seal
leaves out a column that is empty in all of its rows, so theirs hold.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prediction", sa.Column("scope", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("prediction", "scope")
