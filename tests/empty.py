"""What many tests begin with, made once a process and copied from there: a database with nothing in
it, and folders that took long to fill."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class FilledFolder:
    """The files of a folder, kept in memory; of a database, when it is closed."""

    files: dict[Path, bytes]

    @classmethod
    def of(cls, folder: Path) -> FilledFolder:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return cls({path.relative_to(folder): path.read_bytes() for path in paths})

    def put(self, folder: Path) -> None:
        """Write the files into a folder, which may be new."""
        for path, data in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)


def begin(data_dir: Path) -> None:
    """Put an empty database into a data directory that has none."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "review.db"
    if not path.exists():
        path.write_bytes(empty_database())
