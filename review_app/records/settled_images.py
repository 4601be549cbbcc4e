"""Settled images with what a training wants of them, out of the database by the column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import Any

from review_app.manifests.labels import ManifestLabel
from review_app.records.exports.batch import NOTHING, ItemBatch
from review_app.records.settled import ItemStanding, LeftOut, settled, weight
from storage.enums import LabelValue, PlacedBy
from storage.repositories.export_answers import moment


@dataclass(frozen=True, slots=True)
class SettledImage:
    """A settled item."""

    sha256: str
    name: str
    format: str
    label: ManifestLabel
    weight: float
    source: str | None
    group: str | None
    split: str | None
    alike: int
    audited: bool
    corrected: bool
    put_first: bool
    """It was put before others for what the detector said of it, or for its age."""


def settled_images(
    batches: Iterable[ItemBatch], now: datetime, left_out: Counter[LeftOut]
) -> Iterator[SettledImage]:
    """The items of ``batches`` that are settled as real or fake at the moment ``now``; those that
    are not are counted in ``left_out``, by reason. The batches have the columns `SETTLED`."""
    for batch in batches:
        for at, outcome in outcomes(batch, now):
            if isinstance(outcome, LeftOut):
                left_out[outcome] += 1
            else:
                yield _image(batch, at, outcome)


def outcomes(batch: ItemBatch, now: datetime) -> Iterator[tuple[int, ManifestLabel | LeftOut]]:
    """The label of each item of the batch, or why it has none, with its place."""
    names = ("has_picture", "state", "verdict", "final_at")
    rows = zip(*(batch.stored[name] for name in names), strict=True)
    for at, (has_picture, state, verdict, final_at) in enumerate(rows):
        standing = ItemStanding(
            bool(has_picture),
            state,
            LabelValue(verdict) if verdict else None,
            moment(final_at) if final_at else None,
        )
        yield at, settled(standing, batch.said.get(at, NOTHING), now)


def weight_at(batch: ItemBatch, at: int) -> float:
    """The weight of the item at a place of the batch."""
    return weight(batch.said.get(at, NOTHING), batch.stored["inclusion_probability"][at])


def _image(batch: ItemBatch, at: int, label: ManifestLabel) -> SettledImage:
    def stored(name: str) -> Any:
        return batch.stored[name][at]

    def shared(name: str) -> Any:
        """Text that many images have, once in memory."""
        value = stored(name)
        return value if value is None else intern(value)

    return SettledImage(
        sha256=stored("sha256"),
        name=stored("name"),
        format=shared("format"),
        label=label,
        weight=weight_at(batch, at),
        source=shared("source"),
        group=shared("group_key"),
        split=shared("split"),
        alike=stored("alike"),
        audited=bool(stored("audited")),
        corrected=bool(batch.said.get(at, NOTHING).corrections),
        put_first=stored("placed_by") != PlacedBy.TIME,
    )
