"""What is known of the browser that a session belongs to, and which browsers people signed in at.

Revision: 0013, after 0012. Of sessions that began before, nothing of the kind is known, and they
count as seen when they began. Columns that come last and may be empty need no copy of the table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SESSION = "user_session"
DEVICE = "known_device"
COLUMNS = (
    ("began_by", sa.String(length=20)),
    ("browser", sa.String(length=40)),
    ("platform", sa.String(length=40)),
    ("last_seen_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    for name, kind in COLUMNS:
        op.add_column(SESSION, sa.Column(name, kind, nullable=True))
    op.create_table(
        DEVICE,
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_known_device_user_id")),
        sa.PrimaryKeyConstraint("token_sha256", "user_id", name=op.f("pk_known_device")),
    )
    op.create_index("ix_known_device_user_id", DEVICE, ["user_id"])


def downgrade() -> None:
    """The older program knows no browsers; nobody loses more than a place in a queue."""
    op.drop_index("ix_known_device_user_id", DEVICE)
    op.drop_table(DEVICE)
    for name, _ in reversed(COLUMNS):
        op.drop_column(SESSION, name)
