"""The score that thresholds are compared with, and how unlike the training images an image is.

Revision: 0002, after 0001. Until now thresholds were compared with P(fake) itself, so that is the
score of the older rows. Decisions are append-only: their triggers are off in this transaction only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("prediction", "decision")
APPEND_ONLY = "decision"


def upgrade() -> None:
    _unprotect()
    for table in TABLES:
        op.add_column(table, sa.Column("score", sa.Double(), nullable=True))
        op.add_column(table, sa.Column("novelty", sa.Double(), nullable=True))
        rows = sa.table(table, sa.column("score"), sa.column("p_fake"))
        op.execute(rows.update().values(score=rows.c.p_fake))
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column("score", existing_type=sa.Double(), nullable=False)
    _protect()


def downgrade() -> None:
    _unprotect()
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("novelty")
            batch_op.drop_column("score")
    _protect()


def _unprotect() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(f"DROP TRIGGER {APPEND_ONLY}_no_{verb}")


def _protect() -> None:
    """The triggers of 0001 again; those that were there went with the table that was copied."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {APPEND_ONLY}_no_{verb.lower()} BEFORE {verb} ON {APPEND_ONLY} "
            f"BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY} is append-only'); END"
        )
