"""What an export tells of items, read by the column: a window of item numbers at a time, no objects
of the tables.

Rules are not here: see `review_app.records.exports`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Text,
    and_,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from storage.enums import ItemState, LabelValue, TriageFlag
from storage.models import Correction, DecisionRow, FaceRow, Image, Item, KnownLabel, Label, User
from storage.models.base import Json
from storage.repositories.labels import IN_FORCE

WINDOW: Final = 10_000
"""The item numbers of a batch: as many rows at most are in memory at a time."""
_TURNED: Final = 250
"""Rows that are turned into columns at a time, while the processor still has them at hand."""


class StoredAnswer(NamedTuple):
    """A label in force, as it is stored, with its author's pseudonym and the item's verdict."""

    item_id: int
    id: int
    value: LabelValue
    extra: bool
    comment: str
    escalation: str | None
    tags: list[str] | None
    regions: list[Json] | None
    labelled_at: datetime
    final_at: datetime | None
    bulk_size: int | None
    pseudonym: str
    verdict: LabelValue | None
    verdict_final_at: datetime | None
    seconds: float | None
    blind: bool
    adjudicates: bool


class StoredCorrection(NamedTuple):
    """A correction, as it is stored."""

    item_id: int
    value: LabelValue
    was: LabelValue
    reason: str
    created_at: datetime


_Told = TypeVar("_Told", StoredAnswer, StoredCorrection)


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


_newest = (
    select(func.max(DecisionRow.id))
    .where(DecisionRow.item_id == Item.id)
    .correlate(Item)
    .scalar_subquery()
)
_COLUMNS: Final[dict[str, Any]] = {
    "item_id": Item.id,
    "state": type_coerce(Item.state, String),
    "source": Item.source,
    "image_id": Image.id,
    "sha256": Image.sha256,
    "path": func.coalesce(func.nullif(Image.path, ""), func.nullif(Item.name, "")),
    "has_picture": and_(
        Image.sha256 != "", Image.public_type != "", Image.width != 0, Image.height != 0
    ),
    "width": Image.width,
    "height": Image.height,
    "format": Image.format,
    "file_metadata": func.nullif(type_coerce(Image.file_metadata, Text), "{}"),
    "policy_version": DecisionRow.policy_version,
    "checkpoint": DecisionRow.checkpoint_id,
    "route": type_coerce(DecisionRow.route, String),
    "p_fake": DecisionRow.p_fake,
    "std": DecisionRow.std,
    "entropy": DecisionRow.entropy,
    "mutual_information": DecisionRow.mutual_information,
    "score": DecisionRow.score,
    "novelty": DecisionRow.novelty,
    "mark": type_coerce(DecisionRow.mark, String),
    "audited": DecisionRow.audited,
    "inclusion_probability": DecisionRow.inclusion_probability,
    "group_name": DecisionRow.group_name,
    "faces": func.json_array_length(FaceRow.boxes),
}
_PICTURE: Final = ("width", "height", "format")
TABLE: Final = tuple(name for name in _COLUMNS if name not in _PICTURE)
"""The names of what a table tells."""
PICTURES: Final = (*TABLE, *_PICTURE)
"""The same with the measures of the stored picture."""


@cache
def _items(names: Sequence[str]) -> Select[Any]:
    return (
        select(*(_COLUMNS[name].label(name) for name in names))
        .join(Image, Image.id == Item.image_id)
        .outerjoin(DecisionRow, DecisionRow.id == _newest)
        .outerjoin(FaceRow, FaceRow.item_id == Item.id)
        .order_by(Item.id)
    )


_ANSWERS = (
    select(
        Label.item_id,
        Label.id,
        Label.value,
        Label.extra,
        Label.comment,
        Label.escalation,
        Label.tags,
        Label.regions,
        Label.labelled_at,
        Label.final_at,
        Label.bulk_size,
        User.pseudonym,
        Item.verdict,
        Item.final_at,
        Label.seconds,
        Label.blind,
        Label.adjudicates,
    )
    .join(User, User.id == Label.user_id)
    .join(Item, Item.id == Label.item_id)
    .where(*IN_FORCE)
)
_VALUES: Final = {member.value: member for member in LabelValue}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("value", "was", "verdict"), _VALUES.__getitem__),
    **dict.fromkeys(("labelled_at", "final_at", "verdict_final_at", "created_at"), _moment),
    **dict.fromkeys(("tags", "regions"), json.loads),
    **dict.fromkeys(("extra", "blind", "adjudicates"), bool),
}
"""What is made of a value of the driver that is not None, by the field that holds it."""
_KNOWN = select(KnownLabel.item_id, KnownLabel.value)
_CORRECTIONS = select(
    Correction.item_id,
    Correction.value,
    Correction.was,
    Correction.reason,
    Correction.created_at,
).order_by(Correction.item_id, Correction.id)


class ExportBatches:
    """Everything that an export tells, a window at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self, where: Sequence[ColumnElement[bool]] = ()) -> int:
        """How many items ``where`` lets through; it may ask for items and their newest decision."""
        query = select(func.count()).select_from(Item)
        if where:
            query = query.outerjoin(DecisionRow, DecisionRow.id == _newest).where(*where)
        return self._session.scalar(query) or 0

    def batches(
        self, where: Sequence[ColumnElement[bool]] = (), names: Sequence[str] = TABLE
    ) -> Iterator[StoredBatch]:
        """The items that ``where`` lets through, with what is stored under ``names`` (``item_id``
        is always wanted); batches without any are left out."""
        seen, after = 0, 0
        while (first := self._first(after)) is not None:
            after = first + WINDOW - 1
            query = _items(names).where(*where, Item.id.between(first, after))
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
        answers = self._rows(_ANSWERS.where(Label.item_id.between(first, last)))
        known = self._rows(_KNOWN.where(KnownLabel.item_id.between(first, last)))
        corrections = self._rows(_CORRECTIONS.where(Correction.item_id.between(first, last)))
        # Sorted here: asked for in order, SQLite would walk the whole table by its key.
        return (
            _by_item(sorted(_read(StoredAnswer, answers), key=lambda answer: answer.id)),
            {item_id: _VALUES[value] for item_id, value in known},
            _by_item(_read(StoredCorrection, corrections)),
        )


def _read(kind: type[_Told], rows: Sequence[tuple[Any, ...]]) -> Iterator[_Told]:
    """Rows of the driver as tuples of the kind, made of a whole column at a time."""
    columns = [
        [None if value is None else _READ[name](value) for value in column]
        if name in _READ
        else column
        for name, column in zip(kind._fields, zip(*rows, strict=True), strict=False)
    ]
    return map(kind._make, zip(*columns, strict=True))


def _by_item(rows: Iterable[_Told]) -> dict[int, list[_Told]]:
    found: dict[int, list[_Told]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(row)
    return found


def has_state(states: Collection[ItemState]) -> ColumnElement[bool]:
    """Condition for an item in one of ``states``."""
    return Item.state.in_(states)


def has_source(sources: Collection[str]) -> ColumnElement[bool]:
    """Condition for an item from one of ``sources``."""
    return Item.source.in_(sources)


def has_mark(mark: TriageFlag) -> ColumnElement[bool]:
    """Condition for an item whose newest decision has ``mark``."""
    return DecisionRow.mark == mark


def changed_since(time: datetime) -> ColumnElement[bool]:
    """Condition for an item of which anything that an export tells was written at ``time`` or
    later, or became final since."""
    return or_(
        Item.created_at >= time,
        Item.state_since >= time,
        Item.final_at >= time,
        DecisionRow.decided_at >= time,
        select(Label.id)
        .where(Label.item_id == Item.id, or_(Label.labelled_at >= time, Label.final_at >= time))
        .exists(),
        select(Correction.id)
        .where(Correction.item_id == Item.id, Correction.created_at >= time)
        .exists(),
        select(KnownLabel.id)
        .where(KnownLabel.item_id == Item.id, KnownLabel.created_at >= time)
        .exists(),
    )
