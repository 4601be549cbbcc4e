"""A database with nothing in it. The migrations make it once a process; it is copied from there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import migrations
from storage.database import Database


@cache
def empty_database() -> bytes:
    """The file of an empty database at the head revision, made by the real migrations."""
    with TemporaryDirectory(prefix="empty-") as folder:
        path = Path(folder) / "review.db"
        database = Database(f"sqlite:///{path}")
        migrations.upgrade(database.engine)
        database.close()
        assert [other.name for other in path.parent.iterdir()] == [path.name]
        return path.read_bytes()


def begin(data_dir: Path) -> None:
    """Put an empty database into a data directory that has none."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "review.db"
    if not path.exists():
        path.write_bytes(empty_database())
