"""What an export tells of items, read by the column: a window of item numbers at a time, no objects
of the tables.

Rules are not here: see `review_app.records.exports`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storage.enums import LabelValue
from storage.models import Correction, DecisionRow, Item, KnownLabel, Label
from storage.repositories.export_answers import (
    ANSWERS,
    CORRECTIONS,
    KNOWN,
    VALUES,
    StoredAnswer,
    StoredCorrection,
    by_item,
    read,
)
from storage.repositories.export_columns import NEWEST, TABLE, items

WINDOW: Final = 10_000
"""The item numbers of a batch: as many rows at most are in memory at a time."""
_TURNED: Final = 250
"""Rows that are turned into columns at a time, while the processor still has them at hand."""


@dataclass(frozen=True)
class StoredBatch:
    """The items of a window, in order of intake. Sequences are as long as there are items."""

    columns: Mapping[str, Sequence[Any]]
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

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self, where: Sequence[ColumnElement[bool]] = ()) -> int:
        """How many items ``where`` lets through; it may ask for items and their newest decision."""
        query = select(func.count()).select_from(Item)
        if where:
            query = query.outerjoin(DecisionRow, DecisionRow.id == NEWEST).where(*where)
        return self._session.scalar(query) or 0

    def batches(
        self, where: Sequence[ColumnElement[bool]] = (), names: Sequence[str] = TABLE
    ) -> Iterator[StoredBatch]:
        """The items that ``where`` lets through, with what is stored under ``names`` (``item_id``
        is always wanted); batches without any are left out."""
        seen, after = 0, 0
        while (first := self._first(after)) is not None:
            after = first + WINDOW - 1
            query = items(names).where(*where, Item.id.between(first, after))
            columns = self._columns(query, names)
            if n := len(columns["item_id"]):
                seen += n
                yield StoredBatch(columns, *self._said(first, after), n_seen=seen)

    def _columns(self, query: Any, names: Sequence[str]) -> dict[str, list[Any]]:
        cursor = self._session.connection().execute(query).cursor
        columns: dict[str, list[Any]] = {name: [] for name in names}
        while rows := cursor.fetchmany(_TURNED):
            for column, values in zip(columns.values(), zip(*rows, strict=True), strict=True):
                column.extend(values)
        return columns

    def _rows(self, query: Any) -> Sequence[tuple[Any, ...]]:
        # As the driver has them: what SQLAlchemy would make of a row takes longer than to read it.
        rows: Sequence[tuple[Any, ...]] = (
            self._session.connection().execute(query).cursor.fetchall()
        )
        return rows

    def _first(self, after: int) -> int | None:
        return self._session.scalar(select(func.min(Item.id)).where(Item.id > after))

    def _said(
        self, first: int, last: int
    ) -> tuple[
        dict[int, list[StoredAnswer]], dict[int, LabelValue], dict[int, list[StoredCorrection]]
    ]:
        answers = self._rows(ANSWERS.where(Label.item_id.between(first, last)))
        known = self._rows(KNOWN.where(KnownLabel.item_id.between(first, last)))
        corrections = self._rows(CORRECTIONS.where(Correction.item_id.between(first, last)))
        # Sorted here: asked for in order, SQLite would walk the whole table by its key.
        return (
            by_item(sorted(read(StoredAnswer, answers), key=lambda answer: answer.id)),
            {item_id: VALUES[value] for item_id, value in known},
            by_item(read(StoredCorrection, corrections)),
        )
