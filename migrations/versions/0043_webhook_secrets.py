"""Webhooks get other secrets, with the former one for a while; and subscriptions are paused.

Revision: 0043, after 0042. Nothing was rotated or paused before.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

TABLE = "subscription"
TIME = sa.DateTime(timezone=True)
COLUMNS: dict[str, sa.types.TypeEngine[Any]] = {
    "former_salt": sa.String(length=64),
    "former_until": TIME,
    "rotated_by": sa.String(length=100),
    "rotated_at": TIME,
    "paused_by": sa.String(length=100),
    "paused_at": TIME,
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column(TABLE, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Former secrets sign no more, and what was paused is told on."""
    for name in reversed(COLUMNS):
        op.drop_column(TABLE, name)
