"""Desks, who belongs to which, and who has no place in the queue that is always there.

Revision: 0034, after 0040. There were no desks before, and everybody worked in the one queue: so
the tables begin empty, and nobody is away. A seal leaves out a column that is empty in all of its
rows, so those of accounts hold.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0040"
branch_labels = None
depends_on = None

IN_FORCE = "uq_membership_in_force"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.add_column("user", sa.Column("away_since", time, nullable=True))
    op.create_table(
        "desk",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", time, nullable=False),
        sa.Column("closed_by", sa.String(length=100), nullable=True),
        sa.Column("closed_at", time, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk")),
        sa.UniqueConstraint("name", name=op.f("uq_desk_name")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", time, nullable=False),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("ended_at", time, nullable=True),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name=op.f("fk_membership_desk_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_desk_id", "membership", ["desk_id"])
    still = sa.text("ended_at IS NULL")
    op.create_index(
        IN_FORCE,
        "membership",
        ["user_id", "desk_id"],
        unique=True,
        sqlite_where=still,
        postgresql_where=still,
    )


def downgrade() -> None:
    """Everybody works in the one queue again; the folders of desks stay, and the log tells of
    them."""
    op.drop_index(IN_FORCE, "membership")
    op.drop_index("ix_membership_desk_id", "membership")
    op.drop_table("membership")
    op.drop_table("desk")
    op.drop_column("user", "away_since")
