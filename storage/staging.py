"""Rows of a score file in temporary tables, so that a file of any length is checked and applied by
set operations, in bounded memory, and nothing is half applied.

The rows are sorted by image once, and images numbered in that order: whatever follows reads both
tables and the index of image hashes from front to end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    case,
    false,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateIndex, CreateTable

from storage.rows import insert_columns

_METADATA = MetaData()


def _table(name: str, *columns: Column[Any], **options: Any) -> Table:
    return Table(name, _METADATA, *columns, prefixes=["TEMPORARY"], **options)


def _values() -> list[Column[Any]]:
    """What a row of the file says; ``row`` is its number."""
    return [
        Column("sha256", String),
        Column("path", String),
        Column("name", String, nullable=False),
        Column("checkpoint_id", String, nullable=False),
        Column("p_fake", Double, nullable=False),
        Column("std", Double, nullable=False),
        Column("entropy", Double, nullable=False),
        Column("score", Double, nullable=False),
        Column("novelty", Double),
        Column("label", String),
        Column("source", String),
        Column("split", String),
    ]


ROWS = _table(
    "staged_row",
    Column("row", Integer, primary_key=True),
    Column("key", String, nullable=False),
    *_values(),
)
"""The rows as they come."""
SCORES = _table(
    "staged_score",
    Column("image", Integer, primary_key=True),
    Column("row", Integer, primary_key=True),
    *_values(),
    sqlite_with_rowid=False,
)
"""The rows by the number of their image."""
IMAGES = _table(
    "staged_image",
    Column("image", Integer, primary_key=True),
    Column("row", Integer, nullable=False),
    Column("sha256", String),
    Column("path", String),
    Column("name", String, nullable=False),
    Column("label", String),
    Column("label_row", Integer),
    Column("source", String),
    Column("split", String),
    Column("split_row", Integer),
    Column("image_id", Integer),
    Column("is_new", Boolean, nullable=False),
)
"""One image of the file each, with what its rows say of it, and its id once that is known."""
KNOWN = Index("ix_staged_known", IMAGES.c.image_id, sqlite_where=~IMAGES.c.is_new)
"""The index that is made once ids are known: what rows say of images that were here is looked up by
it."""
_BARE_PATHS = Index("ix_staged_path", IMAGES.c.path, sqlite_where=IMAGES.c.sha256.is_(None))


class Contradiction(NamedTuple):
    """Two statements about one image that cannot both be kept."""

    row: int
    given: str
    other: str
    other_row: int | None = None
    """The row of the other one, where it is of the same file."""


class StagedScores:
    """The staged scores: what fills the tables, and finds where the file contradicts itself."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._alone = False

    def create(self) -> None:
        """Make the tables, empty."""
        for table in (ROWS, SCORES, IMAGES):
            self._session.execute(CreateTable(table))

    def add(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Stage rows of the file: the values of ``ROWS`` by the name of its column."""
        insert_columns(self._session.connection(), ROWS.name, columns)

    def gather(self) -> None:
        """Put together what the rows say of each image. After the last row."""
        number = func.dense_rank().over(order_by=ROWS.c.key)
        copied = [column.name for column in SCORES.columns if column.name != "image"]
        by_image = select(number, *(ROWS.c[name] for name in copied)).order_by(ROWS.c.key)
        connection = self._session.connection()
        n = connection.execute(insert(SCORES).from_select(["image", *copied], by_image)).rowcount
        # Where each image has one row, as with one detector, that says it all.
        self._alone = n == self._session.scalar(select(func.max(SCORES.c.image)))
        least = _itself if self._alone else func.min
        columns: dict[str, ColumnElement[Any]] = {
            "image": SCORES.c.image,
            "row": least(SCORES.c.row),
            "label_row": least(case((SCORES.c.label.is_not(None), SCORES.c.row))),
            "split_row": least(case((SCORES.c.split.is_not(None), SCORES.c.row))),
            "is_new": false(),
        }
        for name in ("sha256", "path", "name", "label", "source", "split"):
            columns[name] = least(SCORES.c[name])
        gathered = select(*columns.values())
        if not self._alone:
            gathered = gathered.group_by(SCORES.c.image)
        self._session.execute(insert(IMAGES).from_select(list(columns), gathered))
        self._session.execute(CreateIndex(_BARE_PATHS))

    def other_labels(self) -> Iterator[Contradiction]:
        """Rows whose label is another than that of another row of the image."""
        return self._others("label")

    def other_splits(self) -> Iterator[Contradiction]:
        """Rows whose split is another than that of another row of the image."""
        return self._others("split")

    def paths_with_a_hash(self) -> Iterator[Contradiction]:
        """Images known by a path alone that another row gives with a hash."""
        bare = (
            select(IMAGES.c.row)
            .where(IMAGES.c.path == SCORES.c.path, IMAGES.c.sha256.is_(None))
            .scalar_subquery()
            .label("bare")
        )
        any_bare = select(IMAGES.c.row).where(IMAGES.c.sha256.is_(None)).exists()
        query = (
            select(bare, SCORES.c.path, SCORES.c.sha256, func.min(SCORES.c.row))
            .where(SCORES.c.sha256.is_not(None), any_bare)
            .group_by(bare)
            .having(bare.is_not(None))
            .order_by(bare)
        )
        return (Contradiction(*row) for row in self._session.execute(query))

    def _others(self, name: str) -> Iterator[Contradiction]:
        if self._alone:
            return iter(())
        given, kept = SCORES.c[name], IMAGES.c[name]
        same = SCORES.alias()
        saying = select(func.min(same.c.row)).where(
            same.c.image == IMAGES.c.image, same.c[name] == kept
        )
        query = (
            select(SCORES.c.row, given, kept, saying.scalar_subquery())
            .join(IMAGES, IMAGES.c.image == SCORES.c.image)
            .where(given != kept)
            .order_by(SCORES.c.row)
        )
        return (Contradiction(*row) for row in self._session.execute(query))


def _itself(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return column
