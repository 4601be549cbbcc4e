"""How many images one confirmation answered: an answer in the grid is another kind of evidence.

Revision: 0011, after 0010. Nothing tells which answers so far were given in the grid; they are left
as looks at one image. A column that comes last and may be empty needs no copy of the table, so the
append-only triggers stay on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("label", sa.Column("together", sa.Integer(), nullable=True))


def downgrade() -> None:
    _refuse_to_lose()
    op.drop_column("label", "together")


def _refuse_to_lose() -> None:
    """Refuse to lose the column: without it these answers would pass for looks at one image
    each."""
    query = sa.text("SELECT count(*) FROM label WHERE together IS NOT NULL")
    if n := op.get_bind().execute(query).scalar_one():
        raise RuntimeError(
            f"revision 0010 cannot tell that {n} answers were given for several images at once; "
            "restore the copy that was made before the upgrade"
        )
