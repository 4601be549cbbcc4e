"""A batch of an export: what is stored of its items by the column, and what is said of the few of
whom something is said.

What is said of many items is the same, but for when: there, a rule is asked once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import numpy as np

from review_app.records.exports.said import Said, said_of
from review_app.records.exports.values import Numbers, Repeated, Value, Values
from storage.columns.reading import as_read
from storage.repositories.export_batches import StoredBatch

_SILENT: Final = (None, "null")
NOTHING: Final = said_of((), None, (), datetime.max.replace(tzinfo=UTC))
"""What is said of most items."""


@dataclass(frozen=True)
class ItemBatch:
    """Items in order of intake. Sequences are as long as there are items."""

    stored: Mapping[str, Sequence[Any]]
    said: Mapping[int, Said]
    """What is said, by the item's place in the batch; nothing is said of the others."""

    def __len__(self) -> int:
        return len(self.stored["item_id"])

    @cached_property
    def files(self) -> tuple[list[dict[str, Any]], Numbers]:
        """What files say of themselves, the distinct documents, and the place of each item's among
        them; most say nothing, as the first does."""
        numbers: dict[str | None, int] = dict.fromkeys(_SILENT, 0)
        documents: list[dict[str, Any]] = [{}]
        for text in set(self.stored["file_metadata"]) - numbers.keys():
            numbers[text] = len(documents)
            documents.append(json.loads(text) or {})
        which = [numbers[text] for text in self.stored["file_metadata"]]
        return documents, np.array(which, np.int32)

    @cached_property
    def wordings(self) -> tuple[list[Said], Numbers]:
        """What is said, but for when, each with one item of which it is said; and the place of what
        is said of each item among them. The first says nothing."""
        numbers: dict[Any, int] = {}
        found, which = [NOTHING], np.zeros(len(self), np.int32)
        for at, said in self.said.items():
            number = numbers.setdefault(said.wording or at, len(found))
            if number == len(found):
                found.append(said)
            which[at] = number
        return found, which


def batch_of(stored: StoredBatch, now: datetime) -> ItemBatch:
    """What a window of the database says at the moment ``now``."""
    places = {item_id: at for at, item_id in enumerate(stored.columns["item_id"])}
    items = places.keys() & {*stored.answers, *stored.known, *stored.corrections}
    return ItemBatch(
        stored.columns,
        {
            places[i]: said_of(
                stored.answers.get(i, ()), stored.known.get(i), stored.corrections.get(i, ()), now
            )
            for i in items
        },
    )


Read = Callable[[ItemBatch], Values]
"""How a batch tells a column."""


def as_stored(name: str) -> Read:
    """The column that is told as it is stored under ``name``."""
    return lambda batch: as_read(batch.stored, name)


def as_truth(name: str) -> Read:
    """The same, where the driver may have numbers for yes and no."""

    def read(batch: ItemBatch) -> Values:
        values = as_read(batch.stored, name)
        if not isinstance(values, list):
            return values
        return [None if value is None else bool(value) for value in values]

    return read


def of_files(rule: Callable[[Mapping[str, Any]], Value]) -> Callable[[ItemBatch], Repeated]:
    """The column that ``rule`` makes of what an image's file says of itself."""

    def read(batch: ItemBatch) -> Repeated:
        documents, which = batch.files
        return Repeated(list(map(rule, documents)), which)

    return read


def as_said(rule: Callable[[Said], Value]) -> Read:
    """The column that ``rule`` makes of what is said of an item, which asks neither when
    nor in how many seconds."""

    def read(batch: ItemBatch) -> Values:
        found, which = batch.wordings
        return Repeated(list(map(rule, found)), which)

    return read


def as_said_each(rule: Callable[[Said], Value]) -> Read:
    """The column that ``rule`` makes of what is said of an item, and when."""
    nothing = rule(NOTHING)

    def read(batch: ItemBatch) -> Values:
        values = [nothing] * len(batch)
        for at, said in batch.said.items():
            values[at] = rule(said)
        return values

    return read


def unless_said(rule: Callable[[Said], bool], name: str) -> Read:
    """The column that is stored under ``name``, empty wherever ``rule`` holds of what is said."""

    def left_out(batch: ItemBatch) -> Values:
        values = list(batch.stored[name])
        for at, said in batch.said.items():
            if rule(said):
                values[at] = None
        return values

    return left_out


def with_picture(read: Callable[[ItemBatch], Repeated]) -> Read:
    """The column that ``read`` tells, empty wherever only scores are here."""

    def left_out(batch: ItemBatch) -> Values:
        values = read(batch)
        is_there = np.array(batch.stored["has_picture"], np.bool_)
        nothing = len(values.distinct)
        return Repeated([*values.distinct, None], np.where(is_there, values.which, nothing))

    return left_out


def kept(batch: ItemBatch, places: Sequence[int]) -> ItemBatch:
    """The items at ``places`` of the batch, in their order."""
    if len(places) == len(batch):
        return batch
    stored = {name: [values[at] for at in places] for name, values in batch.stored.items()}
    said = {new: batch.said[at] for new, at in enumerate(places) if at in batch.said}
    return ItemBatch(stored, said)
