"""Settled images on disk, with one group and one split for each family: however many there are, a
few of them are in memory.

Images belong together where they look alike or came as one group, step by step
(`review_app.lab.datasets.families` has the same for what fits into memory). Each family is found by
the smallest of its numbers of likeness, which is handed on from group to group until nothing
changes; as each look also asks for that of the one it was handed, a chain of a million groups takes
some twenty looks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from review_app.core.chunks import batches
from review_app.manifests.labels import ManifestLabel
from review_app.records.settled_images import SettledImage

_PORTION: Final = 100
_NAMES: Final = tuple(field.name for field in fields(SettledImage))
_COLUMNS: Final = ", ".join(f'"{name}"' for name in _NAMES)
_TABLES: Final = f"""
    CREATE TABLE image (at INTEGER PRIMARY KEY, {_COLUMNS});
    CREATE TABLE family (alike INTEGER PRIMARY KEY, root INTEGER NOT NULL);
    CREATE TABLE lowest (name PRIMARY KEY, root INTEGER NOT NULL) WITHOUT ROWID;
"""
_BEGIN: Final = """
    CREATE INDEX image_alike ON image (alike, "group");
    CREATE INDEX image_group ON image ("group", alike) WHERE "group" IS NOT NULL;
    INSERT INTO family SELECT DISTINCT alike, alike FROM image;
"""
_TELL_GROUPS: Final = """
    INSERT OR REPLACE INTO lowest
    SELECT "group", min(root) FROM image JOIN family USING (alike)
    WHERE "group" IS NOT NULL GROUP BY "group"
"""
_HAND_ON: Final = """
    UPDATE family SET root = found.root FROM (
        SELECT alike, min(lowest.root) AS root
        FROM image JOIN lowest ON lowest.name = image."group" GROUP BY alike
    ) AS found
    WHERE found.alike = family.alike AND found.root < family.root
"""
_JUMP: Final = """
    UPDATE family SET root = before.root FROM family AS before
    WHERE before.alike = family.root AND before.root < family.root
"""
_TELL_FAMILIES: Final = """
    CREATE TABLE told AS SELECT
        root,
        min(at) AS first,
        count(*) = 1 OR count(DISTINCT "group") = 1 AND count("group") = count(*) AS is_named,
        min("group") AS name,
        CASE
            WHEN count(DISTINCT split) + (count(split) < count(*)) = 1 THEN min(split)
            WHEN max(split = 'test') THEN 'test'
            WHEN max(split = 'val') THEN 'val'
            WHEN max(split = 'train') THEN 'train'
            ELSE min(nullif(split, ''))
        END AS split
    FROM image JOIN family USING (alike) GROUP BY root;
    CREATE UNIQUE INDEX told_root ON told (root);
"""
# A group that holds just this family keeps its name, and an image alone needs none.
_GROUP: Final = """
    CASE WHEN is_named THEN told.name
    ELSE 'family-' || substr((SELECT sha256 FROM image AS one WHERE one.at = first), 1, 16) END
"""
_ALL: Final = ", ".join(
    {"group": _GROUP, "split": "told.split"}.get(name, f'image."{name}"') for name in _NAMES
)
_IN_ORDER: Final = f"""
    SELECT {_ALL} FROM image
    CROSS JOIN family ON family.alike = image.alike CROSS JOIN told ON told.root = family.root
    ORDER BY at
"""  # noqa: S608 - all that it is made of stands here
_MOVED: Final = """
    SELECT count(*) FROM image
    JOIN family ON family.alike = image.alike JOIN told ON told.root = family.root
    WHERE image.split IS NOT told.split
"""


class SettledSpool:
    """The settled images of one export, in their order."""

    def __init__(self, images: Iterable[SettledImage], beside: Path) -> None:
        """Put in all ``images``. ``beside``: the folder in which a folder for them is made, which
        goes when this is closed."""
        self._folder = TemporaryDirectory(prefix=".settled-", dir=beside)
        self._file = sqlite3.connect(Path(self._folder.name) / "images.db", isolation_level=None)
        try:
            self._fill(images)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return int(self._file.execute("SELECT count(*) FROM image").fetchone()[0])

    def __iter__(self) -> Iterator[SettledImage]:
        """The images, each with the group and the split of its family."""
        yield from map(_image, self._file.execute(_IN_ORDER))

    def has_splits(self) -> bool:
        """Whether some images have a split."""
        (found,) = self._file.execute("SELECT EXISTS (SELECT 1 FROM image WHERE split > '')")
        return bool(found[0])

    def moved(self) -> int:
        """How many images are in another split than they came with."""
        return int(self._file.execute(_MOVED).fetchone()[0])

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()
        self._folder.cleanup()

    def _fill(self, images: Iterable[SettledImage]) -> None:
        # Nobody else reads it, and nothing of it outlives the process.
        self._file.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
        self._file.execute("BEGIN")
        put = f"INSERT INTO image ({_COLUMNS}) VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608
        for some in batches(images, _PORTION):
            self._file.executemany(put, map(astuple, some))
        self._file.execute("COMMIT")
        self._join()

    def _join(self) -> None:
        """Find the families."""
        self._file.executescript(_BEGIN)
        changed = True
        while changed:
            self._file.execute(_TELL_GROUPS)
            changed = self._file.execute(_HAND_ON).rowcount > 0
            while changed and self._file.execute(_JUMP).rowcount > 0:
                pass
        self._file.executescript(_TELL_FAMILIES)


def _image(row: tuple[Any, ...]) -> SettledImage:
    told = dict(zip(_NAMES, row, strict=True))
    truth = {name: bool(told[name]) for name in ("audited", "corrected", "put_first")}
    return SettledImage(**{**told, **truth, "label": ManifestLabel(told["label"])})
