"""Which items look like an earlier image, in one step, so that they can be found by an index.

Revision: 0010, after 0009. Items so far get it from the steps that intake recorded.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEX = "ix_item_alike"
FILL = """
    WITH RECURSIVE step(image_id, alike_id) AS (
        SELECT id, id FROM image WHERE near_id IS NULL
        UNION ALL
        SELECT image.id, step.alike_id FROM image JOIN step ON image.near_id = step.image_id
    )
    UPDATE item SET alike_id = step.alike_id FROM step
    WHERE step.image_id = item.image_id AND step.alike_id <> item.image_id
"""


def upgrade() -> None:
    op.add_column("item", sa.Column("alike_id", sa.Integer(), nullable=True))
    alike = sa.text("alike_id IS NOT NULL")
    columns = ["alike_id", "state", "open_slots"]
    # Each step looks up the images that name it.
    op.execute("CREATE INDEX near_steps ON image (near_id) WHERE near_id IS NOT NULL")
    op.execute(FILL)
    op.execute("DROP INDEX near_steps")
    op.create_index(INDEX, "item", columns, sqlite_where=alike, postgresql_where=alike)


def downgrade() -> None:
    op.drop_index(INDEX, "item")
    op.drop_column("item", "alike_id")
