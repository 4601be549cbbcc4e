"""Leave one out: what a detector is worth on a kind of fake that nobody has shown it.

Each generator (or source) in turn is taken out of the training, and its test images are judged by
what learned from the others. Beside it stand the same images under a training that knew them, and
what low-level statistics and content alone reach: what they tell is no knowledge of fakes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.placements import auroc
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import (
    Decoder,
    LabelledFeatures,
    Versions,
    decode_plainly,
    facts_of,
)
from review_app.inference.features import FeatureCache
from review_app.inference.heads import SOURCE_SEED, HeadName, Labels
from review_app.inference.presets import Preset
from review_app.lab.acceptance import DELTA, RISK_LIMIT, accepted, certified_thresholds
from review_app.lab.baselines import load_baselines, scores_of_all
from review_app.lab.comparison import paired_difference, told
from review_app.lab.hold_outs import HoldOut, HoldOutBy, hold_outs
from review_app.lab.metrics import with_ends
from review_app.lab.resampling import drawn_aurocs, interval
from review_app.lab.robustness import share_flagged
from review_app.lab.training import train_heads
from review_app.lab.versions import JoinedProgress, load_splits, rows_of
from review_app.manifests.manifest import Manifest

SCHEMA_VERSION = 1
"""The version of the document."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LeaveOutImages:
    """The images of a measurement, in three splits, and what baselines see of them."""

    train: Versions
    val: Versions
    test: LabelledFeatures
    seen: Mapping[str, Float64]
    """What each baseline sees of the images of train and val, [n learning, width] by its name."""
    asked: Mapping[str, Float64]
    """What each baseline sees of the test images, [n test, width] by its name."""

    @property
    def learning(self) -> LabelledFeatures:
        """The images of train, then those of val, as they are."""
        return self.train.originals.joined(self.val.originals)


def measure_leave_out(
    manifest: Manifest,
    backbone: Backbone,
    content: Backbone,
    by: HoldOutBy,
    *,
    preset: Preset,
    only: tuple[str, ...] = (),
    cache: FeatureCache | None = None,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
    fits: Progress | None = None,
    seed: int = SOURCE_SEED,
) -> dict[str, Any]:
    """:func:`leave_out` on the splits of ``manifest``; ``content`` is the backbone of a baseline.

    ``progress`` counts versions of images, and then ``fits`` counts fitted models. Raises
    ManifestError where a split is missing or files leak, and as :func:`leave_out` does; what cannot
    be left out is told before any image is read.
    """
    parts = {split: rows_of(manifest, split) for split in ("train", "val", "test")}
    rows = [row for split in parts.values() for row in split]
    n_learning = len(parts["train"]) + len(parts["val"])
    hold_outs(by, facts_of(rows[:n_learning]), facts_of(rows[n_learning:]), only)  # or fail now
    tally = JoinedProgress(progress, n_learning * len(preset.copies) + 3 * len(rows))
    train, val, test = load_splits(
        manifest, parts, backbone, preset.copies, cache, decode=decode, progress=tally.step()
    )
    seen = load_baselines(manifest, rows, content, cache, decode=decode, progress=tally.step())
    images = LeaveOutImages(
        train,
        val,
        test,
        {name: values[:n_learning] for name, values in seen.items()},
        {name: values[n_learning:] for name, values in seen.items()},
    )
    name = manifest.path.name
    return leave_out(
        images, backbone, by, preset=preset, only=only, name=name, fits=fits, seed=seed
    )


def leave_out(
    images: LeaveOutImages,
    backbone: Backbone,
    by: HoldOutBy,
    *,
    preset: Preset,
    name: str,
    only: tuple[str, ...] = (),
    fits: Progress | None = None,
    seed: int = SOURCE_SEED,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Train ``preset`` once on everything, and once without each kind; JSON-safe.

    ``left_out`` is ``{kind: {"n", "n_fake", "n_left_out", "sources", "checkpoint", "default_head",
    "flagged", "known_flagged", "heads": {head: figures | {"accepted"}}, "baselines": {name:
    figures}}}``. ``figures`` are the AUROC [value, low, high] of the kind's test images (of a
    generator: against the real ones of its source) by a training without the kind (``unseen``) and
    with it (``known``), and ``lost`` by not knowing it, on the same resamples. ``accepted``: see
    :func:`review_app.lab.acceptance.accepted`, of the kind's images alone. ``summary`` has the mean
    and the worst of all kinds. Raises InputError where nothing can be left out, DetectorError where
    a training cannot be done.
    """
    now = now or datetime.now(UTC)
    found = hold_outs(by, images.learning, images.test, only)
    count = _Count(fits, (len(found.kinds) + 1) * (preset.folds + 1))

    def trained(without: HoldOut | None) -> Checkpoint:
        return _trained(images, backbone, without, preset, name, seed, count)

    known = trained(None)
    everything = np.ones(len(images.train) + len(images.val), np.bool_)
    knowing = TrainedReading(
        known, known.judge(images.test.features), _baselines(images, everything)
    )

    def measured(kind: HoldOut) -> dict[str, Any]:
        checkpoint = trained(kind)
        judgement = checkpoint.judge(images.test.features)
        unaware = TrainedReading(checkpoint, judgement, _baselines(images, ~kind.left_out))
        return _measured(kind, images.test, unaware, knowing, seed, now)

    # Folds are fitted in parallel already; more at once would not fit into memory.
    with ThreadPoolExecutor(1 if preset.folds else os.cpu_count(), "hold-outs") as pool:
        left_out = dict(
            zip((kind.name for kind in found.kinds), pool.map(measured, found.kinds), strict=True)
        )
    return {
        "schema_version": SCHEMA_VERSION,
        "measured_at": now.isoformat(timespec="seconds"),
        "data": name,
        "by": by.value,
        "backbone": backbone.card.name,
        "backbone_key": backbone.key,
        "preset": preset.name,
        "seed": seed,
        "risk_limit": RISK_LIMIT,
        "delta": DELTA,
        "checkpoint": known.id,
        "default_head": known.default_head.value,
        "n_train": len(images.train),
        "n_val": len(images.val),
        "n_test": len(images.test),
        "too_few": list(found.too_few),
        "left_out": left_out,
        "summary": _summary(left_out),
    }


@dataclass(frozen=True, slots=True)
class TrainedReading:
    """What one training, and the baselines on the same images, say of the test images."""

    checkpoint: Checkpoint
    judgement: Judgement
    baselines: Mapping[str, Float64]


class _Count:
    """Counts fitted models of trainings that run at once."""

    def __init__(self, fits: Progress | None, total: int) -> None:
        self._fits, self._total, self._done, self._lock = fits, total, 0, Lock()

    def one(self, _done: int, _total: int | None) -> None:
        with self._lock:
            self._done += 1
            if self._fits:
                self._fits(self._done, self._total)


def _trained(
    images: LeaveOutImages,
    backbone: Backbone,
    without: HoldOut | None,
    preset: Preset,
    name: str,
    seed: int,
    count: _Count,
) -> Checkpoint:
    train, val = images.train, images.val
    if without is not None:
        kept, n = ~without.left_out, len(train)
        train, val = train.take(np.flatnonzero(kept[:n])), val.take(np.flatnonzero(kept[n:]))
    return train_heads(
        train,
        val,
        backbone=backbone.card,
        backbone_key=backbone.key,
        name=f"without {without.name}" if without else "everything",
        data_name=name,
        preset=preset,
        seed=seed,
        fits=count.one,
    )


def _baselines(images: LeaveOutImages, learned: NDArray[np.bool_]) -> dict[str, Float64]:
    is_fake = np.concatenate([part.originals.is_fake for part in (images.train, images.val)])
    return scores_of_all(images.seen, learned, is_fake, images.asked)


def _measured(
    kind: HoldOut,
    test: LabelledFeatures,
    unaware: TrainedReading,
    knowing: TrainedReading,
    seed: int,
    now: datetime,
) -> dict[str, Any]:
    truth, rows = test.is_fake[kind.tested], kind.tested
    checkpoint = unaware.checkpoint

    def figures(unseen: Float64, known: Float64) -> dict[str, Any]:
        return _figures(unseen[rows], known[rows], truth, seed)

    heads = {
        head.value: {
            **figures(*(read.judgement.heads[head].p_fake for read in (unaware, knowing))),
            "accepted": _accepted(kind, test, unaware, head, now),
        }
        for head in checkpoint.heads
    }
    return {
        "n": int(rows.sum()),
        "n_fake": int(truth.sum()),
        "n_left_out": int(kind.left_out.sum()),
        "sources": sorted(set(test.take(np.flatnonzero(kind.kind)).sources) - {""}),
        "checkpoint": checkpoint.id,
        "default_head": checkpoint.default_head.value,
        "flagged": share_flagged(checkpoint, unaware.judgement, kind.kind),
        "known_flagged": share_flagged(knowing.checkpoint, knowing.judgement, kind.kind),
        "heads": heads,
        "baselines": {
            name: figures(scores, knowing.baselines[name])
            for name, scores in unaware.baselines.items()
        },
    }


def _figures(unseen: Float64, known: Float64, truth: Labels, seed: int) -> dict[str, Any]:
    """AUROCs of the same images by two trainings, and what the first lost; None each where a class
    is missing."""
    values = auroc(known, truth), auroc(unseen, truth)
    if values[0] is None or values[1] is None:
        return {"unseen": None, "known": None, "lost": None}
    drawn = drawn_aurocs({"known": known, "unseen": unseen}, truth, seed)
    lost = paired_difference((values[0], values[1]), (drawn["known"], drawn["unseen"]))
    return {
        "unseen": with_ends(values[1], interval(drawn["unseen"]), truth),
        "known": with_ends(values[0], interval(drawn["known"]), truth),
        "lost": told(lost, truth) if lost else None,
    }


def _accepted(
    kind: HoldOut, test: LabelledFeatures, read: TrainedReading, head: HeadName, now: datetime
) -> dict[str, Any]:
    """What thresholds that all other test images prove accept of the kind's own."""
    scores, own = read.judgement.scores[head], kind.kind
    thresholds = certified_thresholds(read.checkpoint, head, scores[~own], test.is_fake[~own], now)
    return accepted(thresholds, scores[own], test.is_fake[own])


def _summary(left_out: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and worst AUROC over all kinds, of every head and baseline."""
    first = next(iter(left_out.values()))
    return {
        part: {
            name: _mean_and_worst({kind: found[part][name] for kind, found in left_out.items()})
            for name in first[part]
        }
        for part in ("heads", "baselines")
    }


def _mean_and_worst(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for which in ("unseen", "known"):
        values = {kind: each[which][0] for kind, each in figures.items() if each[which]}
        worst = min(values, key=lambda kind: values[kind], default=None)
        summary[which] = worst and {
            "mean": float(np.mean(list(values.values()))),
            "worst": values[worst],
            "worst_of": worst,
        }
    return summary
