"""A challenger from 10,000 labels whose features are stored, compared, and replayed over 100,000
stored items, under the shipped checkpoint.

The part ``learn`` of `benchmarks.learning`: the time from the database to the registered
checkpoint, one fifth of the labels held out, and from there to the comparison with its replay, for
which the challenger has scored nothing yet. The features are made up, so that they tell labels a
little; nothing is decoded. A pool of noise serves the items without a label, each with signs of its
own. The folder takes 3 GB. Quick: 20,000 items, 2,000 labels.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from benchmarks import learning_world
from benchmarks.outcome import Row, at_most
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from review_app.learning.learning import learn
from storage.repositories.held_out import HeadOf

FULL: Final = (100_000, 10_000)
QUICK: Final = (20_000, 2_000)
SECONDS: Final = 60
_SHIFT, _SPREAD, _BATCH = 0.02, 0.6, 500

T = TypeVar("T")


def measure(folder: Path, quick: bool) -> Row:
    """The seconds that a challenger and its comparison take, by the clock and of processors."""
    items, labels = QUICK if quick else FULL
    with opened(folder / "world") as app:
        learning_world.fill(app, items, labels)
        _keep_features(app, items, items // labels)
        told, learning = _timed(lambda: learn(app, {"name": "challenger"}))
        challenger = HeadOf(told["checkpoint"], told["head"])
        report, comparing = _timed(lambda: app.challenges.compare(challenger))
        return {
            "items": items,
            "labels": labels,
            "learn": learning,
            "compare_and_replay": comparing,
            "taught": told["labels"],
            "weights": told["weights"],
            "facts": told["facts"],
            "validation": told["validation"],
            "compared": report.overall.labels,
            "replayed": report.replay.items,
            "without_features": report.replay.missing,
        }


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """The time of all together, and that no item was left out of it."""
    parts = found["learn"], found["compare_and_replay"]
    told = ", ".join(
        f"{name} {part['seconds']:.0f} s ({part['processor_seconds']:.0f} s of processors)"
        for name, part in zip(("learn", "compare and replay"), parts, strict=True)
    )
    what = f"seconds to learn from {found['labels']:,} labels, compare, replay {found['items']:,}"
    yield at_most(what, sum(part["seconds"] for part in parts), SECONDS, told)
    yield at_most("items without a word of the challenger", found["without_features"], 0)


def _timed(work: Callable[[], T]) -> tuple[T, Row]:
    clock, processors = time.perf_counter(), _processor_seconds()
    found = work()
    wall = time.perf_counter() - clock
    return found, {"seconds": wall, "processor_seconds": _processor_seconds() - processors}


def _processor_seconds() -> float:
    used = os.times()
    return used.user + used.system


def _keep_features(app: Application, items: int, step: int) -> None:
    checkpoint = app.detectors.detector(app.policies.current().checkpoint).checkpoint
    standard, key = checkpoint.model.standardizer, checkpoint.card.backbone_key
    rng = np.random.default_rng(learning_world.SEED)
    p = np.random.default_rng(learning_world.SEED).beta(0.5, 0.5, items)
    shape = (_BATCH, len(standard.mean))
    pool = _SPREAD * rng.standard_normal(shape, dtype=np.float32)
    for start in range(1, items + 1, _BATCH):
        some = np.arange(start, min(start + _BATCH, items + 1))
        drawn = pool[: len(some)] * rng.choice(np.array([-1, 1], np.float32), shape[1])
        own = some % step == 0
        drawn[own] = _SPREAD * rng.standard_normal((own.sum(), shape[1]), dtype=np.float32)
        drawn += np.where(p[some - 1] > 0.5, _SHIFT, -_SHIFT)[:, None].astype(np.float32)
        features: Any = (standard.mean + standard.scale * drawn).astype(np.float16)
        hashes = [hashlib.sha256(b"image %d" % i).hexdigest() for i in some]
        with app.database.write() as repos:
            repos.features.put_many(dict(zip(hashes, features, strict=True)), key)
