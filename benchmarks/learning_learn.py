"""A challenger from 10,000 labels whose features are stored, under the shipped checkpoint.

The part ``learn`` of `benchmarks.learning`: the time of `learn` from the database to the registered
checkpoint, one fifth of the labels held out. The features are made up, so that they tell labels a
little; nothing is decoded. Quick: 2,000 labels.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import learning_world
from benchmarks.outcome import Row, at_most
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from review_app.learning.learning import learn

FULL: Final = (100_000, 10_000)
QUICK: Final = (20_000, 2_000)
SECONDS: Final = 60
_SHIFT, _SPREAD, _BATCH = 0.02, 0.6, 200


def measure(folder: Path, quick: bool) -> Row:
    """The seconds that a challenger takes, by the clock and of processors."""
    items, labels = QUICK if quick else FULL
    with opened(folder / "world") as app:
        learning_world.fill(app, items, labels)
        _keep_features(app, items, items // labels)
        clock, processors = time.perf_counter(), _processor_seconds()
        told = learn(app, {"name": "challenger"})
        wall = time.perf_counter() - clock
        return {
            "items": items,
            "labels": labels,
            "seconds": wall,
            "processor_seconds": _processor_seconds() - processors,
            "taught": told["labels"],
            "weights": told["weights"],
            "facts": told["facts"],
            "validation": told["validation"],
        }


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """The time, which comparison and replay share."""
    told = f"{found['processor_seconds']:.0f} seconds of processors, {found['labels']:,} labels"
    yield at_most("seconds to learn", found["seconds"], SECONDS, told)


def _processor_seconds() -> float:
    used = os.times()
    return used.user + used.system


def _keep_features(app: Application, items: int, step: int) -> None:
    checkpoint = app.detectors.detector(app.policies.current().checkpoint).checkpoint
    standard, key = checkpoint.model.standardizer, checkpoint.card.backbone_key
    rng = np.random.default_rng(learning_world.SEED)
    p = np.random.default_rng(learning_world.SEED).beta(0.5, 0.5, items)
    labelled = list(range(step, items + 1, step))
    for start in range(0, len(labelled), _BATCH):
        some = labelled[start : start + _BATCH]
        drawn = _SPREAD * rng.standard_normal((len(some), len(standard.mean)), dtype=np.float32)
        drawn += np.where(p[np.array(some) - 1] > 0.5, _SHIFT, -_SHIFT)[:, None].astype(np.float32)
        features: Any = (standard.mean + standard.scale * drawn).astype(np.float16)
        hashes = [hashlib.sha256(b"image %d" % i).hexdigest() for i in some]
        with app.database.write() as repos:
            repos.features.put_many(dict(zip(hashes, features, strict=True)), key)
