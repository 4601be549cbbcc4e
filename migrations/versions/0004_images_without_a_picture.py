"""Detectors whose model is elsewhere, and images of which only their scores are here.

Revision: 0004, after 0003. An image is known by its hash or by its path alone, and its picture may
be missing. Both tables are copied, which other tables refer to: `migrations` switches foreign keys
off meanwhile and checks them before it commits.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PICTURE: dict[str, TypeEngine[Any]] = {
    "n_bytes": sa.BigInteger(),
    "width": sa.Integer(),
    "height": sa.Integer(),
    "format": sa.String(length=16),
    "public_type": sa.String(length=32),
    "phash": sa.BigInteger(),
    "file_metadata": sa.JSON(),
}
FOLDER: dict[str, TypeEngine[Any]] = {
    "path": sa.String(length=1024),
    "backbone_key": sa.String(length=200),
}


def upgrade() -> None:
    op.add_column("checkpoint", sa.Column("kind", sa.String(length=20), nullable=True))
    op.execute("UPDATE checkpoint SET kind = 'trained'")
    with op.batch_alter_table("checkpoint") as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=20), nullable=False)
        for name, kind in FOLDER.items():
            batch_op.alter_column(name, existing_type=kind, nullable=True)
    op.add_column("image", sa.Column("path", sa.String(length=1024), nullable=True))
    with op.batch_alter_table("image") as batch_op:
        batch_op.alter_column("sha256", existing_type=sa.String(length=64), nullable=True)
        for name, kind in PICTURE.items():
            batch_op.alter_column(name, existing_type=kind, nullable=True)
        batch_op.create_check_constraint(
            op.f("ck_image_identity"), "sha256 IS NOT NULL OR path IS NOT NULL"
        )
        batch_op.create_check_constraint(
            op.f("ck_image_picture"), "public_type IS NULL OR sha256 IS NOT NULL"
        )
    op.create_index(
        "uq_image_path",
        "image",
        ["path"],
        unique=True,
        sqlite_where=sa.text("sha256 IS NULL"),
        postgresql_where=sa.text("sha256 IS NULL"),
    )


def downgrade() -> None:
    _refuse_to_lose()
    op.drop_index("uq_image_path", "image")
    with op.batch_alter_table("image") as batch_op:
        batch_op.drop_constraint(op.f("ck_image_picture"), type_="check")
        batch_op.drop_constraint(op.f("ck_image_identity"), type_="check")
        batch_op.drop_column("path")
        batch_op.alter_column("sha256", existing_type=sa.String(length=64), nullable=False)
        for name, kind in PICTURE.items():
            batch_op.alter_column(name, existing_type=kind, nullable=False)
    with op.batch_alter_table("checkpoint") as batch_op:
        batch_op.drop_column("kind")
        for name, kind in FOLDER.items():
            batch_op.alter_column(name, existing_type=kind, nullable=False)


def _refuse_to_lose() -> None:
    """The older schema has no place for such rows, and people's labels hang on them."""
    bind = op.get_bind()
    for what, query in (
        ("images without a picture", "SELECT count(*) FROM image WHERE public_type IS NULL"),
        ("external detectors", "SELECT count(*) FROM checkpoint WHERE kind = 'external'"),
    ):
        n = bind.execute(sa.text(query)).scalar_one()
        if n:
            raise RuntimeError(
                f"revision 0003 has no place for the {n} {what} that are here; restore the copy "
                "that was made before the upgrade"
            )
