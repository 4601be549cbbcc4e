"""Robustness: what is left of a checkpoint's figures when the same images are prepared again.

Every image is compressed, scaled, blurred and so on, the same way for real and fake, and judged
again. What an image loses by that, it may lose on its way to whoever has to decide about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.placements import auroc
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.checkpoint import Checkpoint, Judgement, require_backbone
from review_app.inference.dataset import Decoder, Versions, decode_plainly
from review_app.inference.features import FeatureCache
from review_app.inference.heads import SOURCE_SEED, HeadName, Labels
from review_app.inference.laundering import TRANSFORMS, Transform, description
from review_app.lab.comparison import PairedDifference, paired_difference, told
from review_app.lab.metrics import with_ends
from review_app.lab.provenance import about_data
from review_app.lab.reliability import expected_calibration_error
from review_app.lab.resampling import drawn_aurocs, interval
from review_app.lab.selective import risk_coverage
from review_app.lab.versions import load_versions, rows_of
from review_app.manifests.manifest import Manifest

SCHEMA_VERSION = 1
"""The version of the document."""
UNTOUCHED = "untouched"
"""The images as they are, among the transforms."""

Float64 = NDArray[np.float64]
Figures = dict[str, Any]


def measure_robustness(
    checkpoint: Checkpoint,
    manifest: Manifest,
    backbone: Backbone,
    *,
    split: str = "test",
    transforms: Mapping[str, Transform] = TRANSFORMS,
    cache: FeatureCache | None = None,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """:func:`robustness` on the rows of ``split``; ``progress`` counts versions of images.

    Raises ManifestError for an empty split, rows without label, one class only or images that
    cannot be read, and CheckpointError where the checkpoint needs another backbone.
    """
    require_backbone(checkpoint, backbone)
    versions = load_versions(
        manifest,
        rows_of(manifest, split),
        backbone,
        tuple(transforms.values()),
        cache,
        purpose="robustness",
        decode=decode,
        progress=progress,
    )
    return robustness(checkpoint, versions, transforms, name=manifest.path.name, split=split)


def robustness(
    checkpoint: Checkpoint,
    versions: Versions,
    transforms: Mapping[str, Transform],
    *,
    name: str,
    split: str | None = None,
    seed: int = SOURCE_SEED,
    now: datetime | None = None,
) -> dict[str, Any]:
    """What each head is worth on images as they are and through each of ``transforms``; JSON-safe.

    ``versions`` has one copy of all images for each transform, in its order. ``heads`` is
    ``{head: {transform: figures | {"sources": {source: figures}}}}``, with :data:`UNTOUCHED` first
    among the transforms. ``figures``: n, n_fake, auroc [value, low, high], lost (the AUROC of the
    untouched images minus this one, a :class:`review_app.lab.comparison.PairedDifference`),
    accuracy at the checkpoint's threshold, aurc of the shipped reject score, ece, flagged (share
    called unlike the training images). Intervals are 95%, from 1,000 resamples of images within
    each class, the same for all transforms. None where something is not defined.
    """
    data = versions.originals
    judged = {UNTOUCHED: checkpoint.judge(data.features)} | {
        transform: checkpoint.judge(copy)
        for transform, copy in zip(transforms, versions.copies, strict=True)
    }
    sources = sorted(set(data.sources) - {""})
    everything = _figures(checkpoint, judged, data.is_fake, np.ones(len(data), np.bool_), seed)
    apart = {
        source: _figures(checkpoint, judged, data.is_fake, data.from_source(source), seed)
        for source in sources
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "measured_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "checkpoint": checkpoint.id,
        "heads_sha256": checkpoint.card.heads_sha256,
        "n": len(data),
        "default_head": checkpoint.default_head.value,
        "data": about_data(checkpoint, data, name, split),
        "novelty_cut": checkpoint.card.novelty.cut if checkpoint.card.novelty else None,
        "transforms": {each: description(transform) for each, transform in transforms.items()},
        "heads": {
            head.value: {
                version: everything[head][version]
                | {"sources": {source: apart[source][head][version] for source in sources}}
                for version in judged
            }
            for head in checkpoint.heads
        },
    }


def _figures(
    checkpoint: Checkpoint,
    judged: Mapping[str, Judgement],
    is_fake: Labels,
    rows: NDArray[np.bool_],
    seed: int,
) -> dict[HeadName, dict[str, Figures]]:
    """The figures of every head and version on the images at ``rows``."""
    truth = is_fake[rows]
    scores = {
        (head, version): judgement.heads[head].p_fake[rows]
        for head in checkpoint.heads
        for version, judgement in judged.items()
    }
    drawn = drawn_aurocs(scores, truth, seed)
    found: dict[HeadName, dict[str, Figures]] = {head: {} for head in checkpoint.heads}
    for (head, version), p_fake in scores.items():
        value = auroc(p_fake, truth)
        untouched = None if version == UNTOUCHED else auroc(scores[head, UNTOUCHED], truth)
        lost = None
        if value is not None and untouched is not None:
            lost = paired_difference(
                (untouched, value), (drawn[head, UNTOUCHED], drawn[head, version])
            )
        wrong = (p_fake >= checkpoint.card.heads[head].threshold) != truth
        found[head][version] = {
            "n": len(truth),
            "n_fake": int(truth.sum()),
            "auroc": None
            if value is None
            else with_ends(value, interval(drawn[head, version]), truth),
            "lost": _told(lost, truth, np.array_equal(p_fake, scores[head, UNTOUCHED])),
            "accuracy": float((~wrong).mean()),
            "aurc": risk_coverage(judged[version].reject[head][rows], wrong).aurc,
            "ece": expected_calibration_error(p_fake, truth),
            "flagged": share_flagged(checkpoint, judged[version], rows),
        }
    return found


def _told(lost: PairedDifference | None, truth: Labels, same: bool) -> dict[str, Any] | None:
    """What copies lose; nothing at all, for certain, where every image has the ``same`` score."""
    if lost is None or same:
        return None if lost is None else asdict(lost)
    return told(lost, truth)


def share_flagged(
    checkpoint: Checkpoint, judgement: Judgement, rows: NDArray[np.bool_]
) -> float | None:
    """Share of the images at ``rows`` beyond the cut of novelty; None where nobody measures it."""
    card = checkpoint.card.novelty
    if card is None or judgement.novelty is None or not rows.any():
        return None
    return float((judgement.novelty[rows] > card.cut).mean())
