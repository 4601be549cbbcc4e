"""Scores of many images from what is stored of them: nothing is decoded, and nothing is stored.

A detector that labels brought up to date is the one before and a change. So where that one's
predictions are stored, only the change is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from review_app.core.chunks import mapped
from review_app.core.errors import CheckpointError, NotFoundError
from review_app.core.progress import Progress
from review_app.detectors.registry import Detectors
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.checkpoint_tensors import say_the_same
from review_app.inference.heads import HeadName, HeadPrediction, Matrix
from storage.database import Database

BLOCK = 1024
"""Images at once: their features take some tens of megabytes."""
TOGETHER = 2
"""Blocks that are judged at the same time, each on a core."""

Scores = NDArray[np.float64]


class Beneath(NamedTuple):
    """A head of an earlier checkpoint, whose predictions are what an update changes."""

    checkpoint_id: str
    head: HeadName


class CachedScores:
    """A judge of images whose features are stored, by the head ``head`` of ``checkpoint``; within
    rounding what triage would store."""

    def __init__(
        self, database: Database, detectors: Detectors, checkpoint: Checkpoint, head: str
    ) -> None:
        self._database, self._cache = database, detectors.cache
        self._name = next(each for each in checkpoint.heads if each.value == head)
        self._key = detectors.feature_key(checkpoint)
        self._checkpoint = _with_one_head(checkpoint, self._name)
        self.beneath = _beneath(detectors, checkpoint, self._name)
        """The head whose stored predictions serve; None where all is computed."""

    def of(self, keys: Sequence[str], progress: Progress | None = None) -> Scores:
        """P(fake) and score of the images of ``keys`` (SHA-256), [n, 2]; NaN where no features are
        stored. ``progress`` is called after every block."""
        found = np.full((len(keys), 2), np.nan)

        def judge(start: int) -> int:
            block = keys[start : start + BLOCK]
            self._judge(block, found[start : start + BLOCK])
            return start + len(block)

        with ThreadPoolExecutor(TOGETHER, thread_name_prefix="cached-scores") as pool:
            for done in mapped(pool, judge, range(0, len(keys), BLOCK), TOGETHER):
                if progress:
                    progress(done, len(keys))
        return found

    def _judge(self, keys: Sequence[str], found: Scores) -> None:
        """Fill ``found`` [n, 2] for those of ``keys`` that have features."""
        features = self._cache.get_many(keys, self._key)
        before = self._before(keys)
        known = [at for at, key in enumerate(keys) if key in features and key in before]
        if known:
            said = [before[keys[at]] for at in known]
            found[known] = self._changed([features[keys[at]] for at in known], said)
        whole = [at for at, key in enumerate(keys) if key in features and key not in before]
        if whole:
            rows = np.stack([features[keys[at]] for at in whole])
            judged = self._checkpoint.judge(rows, at_once=True)
            p_fake, scores = judged.heads[self._name].p_fake, judged.scores[self._name]
            found[whole] = np.stack([p_fake, scores], axis=1)

    def _before(self, keys: Sequence[str]) -> dict[str, tuple[float, float, float]]:
        """P(fake), std and novelty by the head beneath, by key, where all of it is stored."""
        if self.beneath is None:
            return {}
        with self._database.read() as repos:
            stored = repos.predictions.beneath(keys, *self.beneath)
        measured = self._checkpoint.model.novelty is not None
        return {
            key: (p_fake, std, 0.0 if novelty is None else novelty)
            for key, (p_fake, std, novelty) in stored.items()
            if novelty is not None or not measured
        }

    def _changed(
        self, features: Sequence[Matrix], said: Sequence[tuple[float, float, float]]
    ) -> Scores:
        p_fake, std, novelty = np.array(said, np.float64).T
        unknown = np.zeros_like(p_fake)  # no update looks at these two
        before = HeadPrediction(p_fake, std, unknown, unknown)
        z = novelty if self._checkpoint.model.novelty else None
        told = self._checkpoint.model.told(features)
        says, scores = self._checkpoint.judge_update(told, before, z)
        return np.stack([says.p_fake, scores], axis=1)


def _beneath(detectors: Detectors, checkpoint: Checkpoint, name: HeadName) -> Beneath | None:
    """The head beneath, if that of the checkpoint's parent is it to the bit."""
    card = checkpoint.card
    if name is not HeadName.UPDATED or card.parent is None or card.learned is None:
        return None
    head = card.learned.head
    try:
        parent = detectors.detector(card.parent).checkpoint
    except (NotFoundError, CheckpointError):
        return None
    if head is None or parent.card.backbone_key != card.backbone_key:
        return None
    own, its = ((each.model, each.calibrations) for each in (checkpoint, parent))
    return Beneath(parent.id, head) if say_the_same(own, its, head) else None


def _with_one_head(checkpoint: Checkpoint, name: HeadName) -> Checkpoint:
    """The checkpoint with the head ``name`` alone, and the one beneath where that is an update."""
    model, learned = checkpoint.model, checkpoint.card.learned
    needed = {name}
    if name is HeadName.UPDATED and learned is not None and learned.head is not None:
        needed.add(learned.head)
    heads = {each: head for each, head in model.heads.items() if each in needed}
    updated = model.updated if name is HeadName.UPDATED else None
    maps = {each: found for each, found in checkpoint.calibrations.items() if each in needed}
    return replace(
        checkpoint, model=replace(model, heads=heads, updated=updated), calibrations=maps
    )
