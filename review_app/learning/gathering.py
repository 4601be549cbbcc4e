"""Settled images with all that a training needs of them, out of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from review_app.core.chunks import batches, mapped
from review_app.core.progress import Progress
from review_app.detectors.registry import Detectors
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import HeadName, HeadPrediction, Matrix
from review_app.lab.updating import TaughtImages
from review_app.learning.labels import LabelledItem
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.weights import Float64, truncated
from review_app.records.exports.batch import NOTHING, ItemBatch, batch_of
from review_app.records.settled import LeftOut
from review_app.records.settled_images import outcomes, weight_at
from storage.database import Database
from storage.enums import PlacedBy
from storage.repositories.export_answers import moment
from storage.repositories.export_columns import SETTLED, is_labelled

BATCH: Final = 256
"""Images whose features are in memory at once, for each of two threads."""
_FIELDS: Final = ("p_fake", "std", "entropy", "mutual_information")


def settled_items(database: Database, now: datetime) -> tuple[list[LabelledItem], Counter[LeftOut]]:
    """Every image that is settled as real or fake, and how many labelled ones are not, by why."""
    found: list[LabelledItem] = []
    left_out: Counter[LeftOut] = Counter()
    with database.read() as repos:
        for window in repos.export_batches.batches([is_labelled()], SETTLED):
            batch = batch_of(window, now)
            for at, outcome in outcomes(batch, now):
                if isinstance(outcome, LeftOut):
                    left_out[outcome] += 1
                else:
                    found.append(_item(batch, at, outcome))
    return found, left_out


def _item(batch: ItemBatch, at: int, label: ManifestLabel) -> LabelledItem:
    def stored(name: str) -> Any:
        return batch.stored[name][at]

    said = batch.said.get(at, NOTHING)
    times = [answer.labelled_at for answer in said.given]
    times += [correction.created_at for correction in said.corrections]
    placed_by = stored("placed_by")
    return LabelledItem(
        item_id=stored("item_id"),
        image_id=stored("image_id"),
        sha256=stored("sha256"),
        is_fake=label is ManifestLabel.FAKE,
        weight=weight_at(batch, at),
        at=max(times) if times else moment(stored("created_at")),
        alike=stored("alike"),
        source=stored("source"),
        group=stored("group_key"),
        split=stored("split"),
        known=said.known is not None,
        audited=bool(stored("audited")),
        corrected=bool(said.corrections),
        put_first=placed_by != PlacedBy.TIME,
        raced=stored("rank") if placed_by == PlacedBy.RACE and said.known is None else None,
    )


@dataclass(frozen=True)
class _Known:
    """What is known of the images at ``rows``; the others cannot be read any more."""

    asked: int
    """How many images there were."""
    rows: list[int]
    told: Matrix
    before: Float64
    """The fields of `HeadPrediction`, [n, 4]."""
    novelty: Float64
    """NaN where nothing measures it."""


def taught_images(
    reader: Reader,
    items: Sequence[LabelledItem],
    families: Sequence[str],
    progress: Progress | None = None,
) -> tuple[TaughtImages, list[LabelledItem]]:
    """``items`` as a training takes them, without those that cannot be read any more; and which
    these were not. ``progress`` counts images.

    Features and predictions that are stored are not made again.
    """
    parts: list[_Known] = []
    kept: list[int] = []
    done = 0
    with ThreadPoolExecutor(2, thread_name_prefix="features") as pool:
        for part in mapped(pool, reader.read, batches(items, BATCH), 2):
            parts.append(part)
            kept += [done + row for row in part.rows]
            done += part.asked
            if progress:
                progress(done, len(items))
    found = [items[at] for at in kept]
    novelty = np.concatenate([part.novelty for part in parts])
    weights, _ = truncated(np.array([item.weight for item in found]))
    images = LabelledFeatures(
        tuple(item.sha256 for item in found),
        np.concatenate([part.told for part in parts]),
        np.array([item.is_fake for item in found], dtype=np.bool_),
        tuple(item.source or "" for item in found),
        tuple(families[at] for at in kept),
        weights,
    )
    before = HeadPrediction(*np.concatenate([part.before for part in parts]).T)
    measured = None if np.isnan(novelty).any() else novelty
    return TaughtImages(images, reader.base, before, measured), found


class Reader:
    """Reads what is stored of images, and has the rest computed."""

    def __init__(
        self, database: Database, detectors: Detectors, checkpoint: Checkpoint, base: HeadName
    ) -> None:
        self._database, self._detectors = database, detectors
        self._checkpoint, self.base = checkpoint, base

    def read(self, asked: Sequence[LabelledItem]) -> _Known:
        """What is known of the images ``asked`` about."""
        features = self._features(asked)
        rows = [row for row, item in enumerate(asked) if item.sha256 in features]
        items = [asked[row] for row in rows]
        width = self._checkpoint.card.backbone.width
        matrix = np.empty((len(items), width), dtype=np.float32)
        for at, item in enumerate(items):
            matrix[at] = features[item.sha256]
        before, novelty = self._said(items, matrix)
        return _Known(len(asked), rows, self._checkpoint.model.told(matrix), before, novelty)

    def _said(self, items: Sequence[LabelledItem], matrix: Matrix) -> tuple[Float64, Float64]:
        """What the head says of ``items`` [n, 4], and their novelty [n]."""
        with self._database.read() as repos:
            ids = [item.image_id for item in items]
            stored = repos.predictions.of_images(ids, self._checkpoint.id)
        before, novelty = np.empty((len(items), len(_FIELDS))), np.full(len(items), np.nan)
        missing = []
        for row, item in enumerate(items):
            found = stored.get(item.image_id, {}).get(self.base.value)
            if found is None:
                missing.append(row)
                continue
            before[row] = [getattr(found, name) for name in _FIELDS]
            novelty[row] = np.nan if found.novelty is None else found.novelty
        if missing:
            judgement = self._checkpoint.judge(matrix[missing])
            says = judgement.heads[self.base]
            before[missing] = np.stack([getattr(says, name) for name in _FIELDS], axis=1)
            if judgement.novelty is not None:
                novelty[missing] = judgement.novelty
        return before, novelty

    def _features(self, items: Sequence[LabelledItem]) -> dict[str, Matrix]:
        """Features [width] by hash, cached or computed once; without images that are lost, or were
        deleted since it was found out which are settled: their features are there until they can be
        brought back no longer."""
        with self._database.read() as repos:
            deleted = repos.item_marks.deleted_among([item.item_id for item in items])
        items = [item for item in items if item.item_id not in deleted]
        keys = [item.sha256 for item in items]
        feature_key = self._detectors.feature_key(self._checkpoint)
        known = dict(self._detectors.cache.get_many(keys, feature_key))
        if missing := [item.item_id for item in items if item.sha256 not in known]:
            known |= self._detectors.features(self._checkpoint.id, missing)
        return known
