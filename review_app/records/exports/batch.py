"""A batch of an export: what is stored of its items by the column, and what is said of the few of
whom something is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from review_app.records.exports.said import Said, said_of
from storage.repositories.export_batches import StoredBatch

Value = str | int | float | bool | None
Values = Sequence[Value]
"""The values of a column, one for each row."""

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
    def files(self) -> list[tuple[int, dict[str, Any]]]:
        """What files say of themselves, by the item's place; most say nothing, and are left out."""
        written = self.stored["file_metadata"]
        told = [at for at, text in enumerate(written) if text not in _SILENT]
        return [(at, json.loads(written[at]) or {}) for at in told]


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
    return lambda batch: batch.stored[name]


def as_truth(name: str) -> Read:
    """The same, where the driver may have numbers for yes and no."""
    return lambda batch: [None if value is None else bool(value) for value in batch.stored[name]]


def of_files(rule: Callable[[Mapping[str, Any]], Value]) -> Read:
    """The column that ``rule`` makes of what an image's file says of itself."""
    nothing = rule({})

    def read(batch: ItemBatch) -> Values:
        values = [nothing] * len(batch)
        for at, metadata in batch.files:
            values[at] = rule(metadata)
        return values

    return read


def as_said(rule: Callable[[Said], Value]) -> Read:
    """The column that ``rule`` makes of what is said of an item."""
    nothing = rule(NOTHING)

    def read(batch: ItemBatch) -> Values:
        values = [nothing] * len(batch)
        for at, said in batch.said.items():
            values[at] = rule(said)
        return values

    return read


def unless_said(rule: Callable[[Said], bool], read: Read) -> Read:
    """The column that ``read`` tells, empty wherever ``rule`` holds of what is said."""

    def left_out(batch: ItemBatch) -> Values:
        values = list(read(batch))
        for at, said in batch.said.items():
            if rule(said):
                values[at] = None
        return values

    return left_out


def with_picture(read: Read) -> Read:
    """The column that ``read`` tells, empty wherever only scores are here."""

    def left_out(batch: ItemBatch) -> Values:
        pictures = batch.stored["has_picture"]
        return [
            value if there else None for value, there in zip(read(batch), pictures, strict=True)
        ]

    return left_out


def kept(batch: ItemBatch, places: Sequence[int]) -> ItemBatch:
    """The items at ``places`` of the batch, in their order."""
    if len(places) == len(batch):
        return batch
    stored = {name: [values[at] for at in places] for name, values in batch.stored.items()}
    said = {new: batch.said[at] for new, at in enumerate(places) if at in batch.said}
    return ItemBatch(stored, said)
