"""What people say of items, as an export reads it: by tuples, no objects of the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import select

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
    **dict.fromkeys(("extra", "blind", "adjudicates"), bool),
}
"""What is made of a value of the driver that is not None, by the field that holds it."""


def read(kind: type[Told], rows: Sequence[tuple[Any, ...]]) -> Iterator[Told]:
    """Rows of the driver as tuples of the kind, made of a whole column at a time."""
    columns = [
        [None if value is None else _READ[name](value) for value in column]
        if name in _READ
        else column
        for name, column in zip(kind._fields, zip(*rows, strict=True), strict=False)
    ]
    return map(kind._make, zip(*columns, strict=True))


def by_item(rows: Iterable[Told]) -> dict[int, list[Told]]:
    """The rows of each item, in their order."""
    found: dict[int, list[Told]] = {}
    for row in rows:
        found.setdefault(row.item_id, []).append(row)
    return found
