"""What stored images are recognised by, and who was told the detector's reading of what.

Revision: 0014, after 0013. Descriptors of the images so far are computed by the server after it has
started, from their files; nobody was known to have had anything read.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

LOGS = ("reading", "reading_match")


def upgrade() -> None:
    op.create_table(
        "image_descriptor",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("phash", sa.BigInteger(), nullable=False),
        sa.Column("thumb", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_image_descriptor_image_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_descriptor")),
        sa.UniqueConstraint("image_id", name=op.f("uq_image_descriptor_image_id")),
    )
    op.create_table(
        "reading",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("probe", sa.LargeBinary(), nullable=False),
        sa.Column("newest_descriptor", sa.Integer(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_reading_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading")),
    )
    op.create_index("ix_reading_user", "reading", ["user_id", "newest_descriptor"])
    op.create_table(
        "reading_match",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("reading_id", sa.Integer(), nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_reading_match_image_id")),
        sa.ForeignKeyConstraint(
            ["reading_id"], ["reading.id"], name=op.f("fk_reading_match_reading_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_reading_match_user_id")),
        sa.PrimaryKeyConstraint("user_id", "image_id", name=op.f("pk_reading_match")),
    )
    for table in LOGS:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    """Which answers were given in sight of a reading stays with the answers themselves; what
    later ones would have been is lost, so nobody may have had anything read."""
    if n := op.get_bind().execute(sa.text("SELECT count(*) FROM reading")).scalar_one():
        raise RuntimeError(
            f"revision 0013 has no place for {n} readings, and would count answers as blind that "
            "are not; restore the copy that was made before the upgrade"
        )
    op.drop_table("reading_match")
    op.drop_index("ix_reading_user", "reading")
    op.drop_table("reading")
    op.drop_table("image_descriptor")
