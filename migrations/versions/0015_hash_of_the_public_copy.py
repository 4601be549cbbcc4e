"""The hash of the copy that reviewers see, so that another file in its place is noticed.

Revision: 0015, after 0014. Of images taken in before, none is known: their copies are decoded and
measured instead.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image", sa.Column("public_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("image", "public_sha256")
