"""Corrections that admins make of final verdicts, in an append-only table of their own.

Revision: 0012, after 0011. Nothing was corrected before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = "correction"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(length=20), nullable=False),
        sa.Column("was", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_correction_item_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_correction_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_item", TABLE, ["item_id", "id"])
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def downgrade() -> None:
    _refuse_to_lose()
    op.drop_index("ix_correction_item", TABLE)
    op.drop_table(TABLE)


def _refuse_to_lose() -> None:
    """Refuse to lose corrections: without them exports would tell verdicts that are known to be
    wrong."""
    query = sa.text("SELECT count(*) FROM correction")
    if n := op.get_bind().execute(query).scalar_one():
        raise RuntimeError(
            f"revision 0011 has no place for {n} corrections of verdicts; "
            "restore the copy that was made before the upgrade"
        )
