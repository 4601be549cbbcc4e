"""Score files that were taken in, in an append-only table of their own; so far the audit log was
asked.

Revision: 0020, after 0019. Each event of a score file becomes a row, in the order of the log.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLE = "score_file"
INDEXES = {
    "ix_score_file_sha256": ["sha256"],
    "ix_score_file_items": ["first_item_id", "last_item_id"],
}
TAKEN = (
    "SELECT at, actor, details FROM audit_event "
    "WHERE item_id IS NULL AND kind = 'scores_ingested' ORDER BY id"
)
FILE = (
    "INSERT INTO score_file (id, name, sha256, rows, scores, images, labels, first_item_id, "
    "last_item_id, taken_by, taken_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=1024), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("first_item_id", sa.Integer(), nullable=True),
        sa.Column("last_item_id", sa.Integer(), nullable=True),
        sa.Column("taken_by", sa.String(length=100), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_item_id"], ["item.id"], name=op.f("fk_score_file_first_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["last_item_id"], ["item.id"], name=op.f("fk_score_file_last_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_file")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, TABLE, columns)
    _fill()
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{verb.lower()} BEFORE {verb} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
        )


def downgrade() -> None:
    """The log has told of every file."""
    for name in INDEXES:
        op.drop_index(name, TABLE)
    op.drop_table(TABLE)


def _fill() -> None:
    connection = op.get_bind()
    events = connection.exec_driver_sql(TAKEN).fetchall()
    for number, (at, actor, text) in enumerate(events, start=1):
        told = json.loads(text)
        counts = (told["rows"], json.dumps(told["scores"]), told["images"], told["labels"])
        row = (number, told["file"], told["sha256"], *counts, *(told["items"] or (None, None)))
        connection.exec_driver_sql(FILE, (*row, actor, at))
