"""What people say of items, as an export reads it: by tuples, no objects of the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import select

from storage.columns.reading import Columns
from storage.enums import LabelValue
from storage.models import Correction, Item, KnownLabel, Label, User
from storage.models.base import Json
from storage.repositories.labels import IN_FORCE


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
    weighed: bool
    """Whether the answers behind the verdict counted by skill."""
    wording: int
    """A number that answers of one reading share who say the same, but for when, how fast and of
    what."""


class StoredCorrection(NamedTuple):
    """A correction, as it is stored."""

    item_id: int
    value: LabelValue
    was: LabelValue
    reason: str
    created_at: datetime


Told = TypeVar("Told", StoredAnswer, StoredCorrection)


ANSWERS = (
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
        Label.bulk_size.label("bulk_size"),
        User.pseudonym,
        Item.verdict,
        Item.final_at.label("verdict_final_at"),
        Label.seconds,
        Label.blind,
        Label.adjudicates,
        Item.weighed,
    )
    .join(User, User.id == Label.user_id)
    .join(Item, Item.id == Label.item_id)
    .where(*IN_FORCE)
)
KNOWN = select(KnownLabel.item_id, KnownLabel.value)
CORRECTIONS = select(
    Correction.item_id,
    Correction.value,
    Correction.was,
    Correction.reason,
    Correction.created_at,
).order_by(Correction.item_id, Correction.id)


VALUES: Final = {member.value: member for member in LabelValue}


def moment(text: str) -> datetime:
    """The time that the driver has as ``text``."""
    return datetime.fromisoformat(f"{text}+00:00")


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("value", "was", "verdict"), VALUES.__getitem__),
    **dict.fromkeys(("labelled_at", "final_at", "verdict_final_at", "created_at"), moment),
    **dict.fromkeys(("tags", "regions"), json.loads),
    **dict.fromkeys(("extra", "blind", "adjudicates", "weighed"), bool),
}
"""What is made of a value of the driver that is not None, by the field that holds it."""
_OWN: Final = {"item_id", "id", "labelled_at", "final_at", "verdict_final_at", "seconds", "wording"}
_WORDING: Final = [name for name in StoredAnswer._fields if name not in _OWN]
"""Fields that say something, and not when, how fast or of what."""


def read_answers(columns: Columns) -> list[StoredAnswer]:
    """What `ANSWERS` found, by id."""
    seen: dict[tuple[Any, ...], int] = {}
    said = zip(*(columns[name] for name in _WORDING), strict=True)
    wordings = [seen.setdefault(wording, len(seen)) for wording in said]
    found = _read(StoredAnswer, {**columns, "wording": wordings})
    # Sorted here: asked for in order, SQLite would walk the whole table by its key.
    return sorted(found, key=attrgetter("id"))


def read_known(columns: Columns) -> dict[int, LabelValue]:
    """What `KNOWN` found, by item."""
    pairs = zip(columns["item_id"], columns["value"], strict=True)
    return {item_id: VALUES[value] for item_id, value in pairs}


def read_corrections(columns: Columns) -> Iterator[StoredCorrection]:
    """What `CORRECTIONS` found, in its order."""
    return _read(StoredCorrection, columns)


def _read(kind: type[Told], columns: Columns) -> Iterator[Told]:
    """Tuples of the kind, made of a whole column at a time."""
    read = [
        _each(_READ[name], columns[name]) if name in _READ else columns[name]
        for name in kind._fields
    ]
    return map(kind._make, zip(*read, strict=True))


def _each(read: Callable[[Any], Any], column: Sequence[Any]) -> list[Any]:
    """The values of a column as ``read`` makes them: equal ones once."""
    found = {value: None if value is None else read(value) for value in set(column)}
    return [found[value] for value in column]


def by_item(rows: Iterable[Told]) -> dict[int, list[Told]]:
    """The rows of each item, in their order."""
    found: dict[int, list[Told]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(row)
    return found
