"""What an export tells of items, read by the column: a window of item numbers at a time, no objects
of the tables. While one window is worked on, the next may be read.

Rules are not here: see `review_app.records.exports`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from storage.columns.reading import ColumnReader, Columns, Query
from storage.enums import LabelValue
from storage.models import Correction, DecisionRow, Item, KnownLabel, Label
from storage.repositories.export_answers import (
    ANSWERS,
    CORRECTIONS,
    KNOWN,
    StoredAnswer,
    StoredCorrection,
    by_item,
    read_answers,
    read_corrections,
    read_known,
)
from storage.repositories.export_columns import NEWEST, TABLE, items

WINDOW: Final = 10_000
"""The item numbers of a batch: as many rows at most are in memory at a time."""

LARGE: Final = 50_000
"""The number of items from which on a process of its own reads them: it starts in some tenths of a
second."""


@dataclass(frozen=True)
class StoredBatch:
    """The items of a window, in order of intake. Sequences are as long as there are items."""

    columns: Columns
    """What is stored of each item, its image, its newest decision and its faces, by name."""
    answers: dict[int, list[StoredAnswer]]
    """Labels in force by item, oldest first; items without any are left out."""
    known: dict[int, LabelValue]
    corrections: dict[int, list[StoredCorrection]]
    """The same of corrections."""
    n_seen: int
    """How many items were looked through up to here, those of earlier batches among them."""


class ExportBatches:
    """Everything that an export tells, a window at a time."""

    def __init__(self, reader: ColumnReader) -> None:
        self._reader = reader

    def count(self, where: Sequence[ColumnElement[bool]] = ()) -> int:
        """How many items ``where`` lets through; it may ask for items and their newest decision."""
        query = select(func.count().label("n")).select_from(Item)
        if where:
            query = query.outerjoin(DecisionRow, DecisionRow.id == NEWEST).where(*where)
        return int(self._one(query))

    @property
    def is_large(self) -> bool:
        """Whether there are so many items that another process is worth its start."""
        return (self._one(select(func.max(Item.id).label("n"))) or 0) >= LARGE

    def batches(
        self, where: Sequence[ColumnElement[bool]] = (), names: Sequence[str] = TABLE
    ) -> Iterator[StoredBatch]:
        """The items that ``where`` lets through, with what is stored under ``names`` (``item_id``
        is always wanted); batches without any are left out."""
        seen = 0
        first: int | None = self._one(_first(0))
        if first is not None:
            self._ask(first, where, names)
        while first is not None:
            columns, answers, known, corrections, after = self._reader.told()
            first = after["n"][0]
            if first is not None:
                self._ask(first, where, names)
            if n := len(columns["item_id"]):
                seen += n
                yield StoredBatch(
                    columns,
                    by_item(read_answers(answers)),
                    read_known(known),
                    by_item(read_corrections(corrections)),
                    n_seen=seen,
                )

    def _ask(self, first: int, where: Sequence[ColumnElement[bool]], names: Sequence[str]) -> None:
        """Ask for the window that begins with the item ``first``, and where the next one does."""
        last = first + WINDOW - 1
        self._reader.ask(
            items(names).where(*where, Item.id.between(first, last)),
            ANSWERS.where(Label.item_id.between(first, last)),
            KNOWN.where(KnownLabel.item_id.between(first, last)),
            CORRECTIONS.where(Correction.item_id.between(first, last)),
            _first(last),
        )

    def _one(self, query: Query) -> Any:
        self._reader.ask(query)
        (found,) = self._reader.told()
        return found["n"][0]


def _first(after: int) -> Query:
    return select(func.min(Item.id).label("n")).where(Item.id > after)
