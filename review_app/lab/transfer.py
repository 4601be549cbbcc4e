"""Transfer: what a detector trained on one source is worth on the others.

Each source with both classes trains a checkpoint alone, which is then tried on the test images of
every source. A detector meets images of generators that nobody has shown it; this says what happens
then, and whether it notices: by the share that it calls unlike its training, and by whether its
reject score orders a stream of known and unknown images better than confidence does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import ManifestError
from review_app.core.intervals import of_figure
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import (
    Decoder,
    LabelledFeatures,
    Versions,
    decode_plainly,
)
from review_app.inference.features import FeatureCache
from review_app.inference.heads import SOURCE_SEED, HeadName
from review_app.inference.presets import Preset, preset_called
from review_app.inference.rejection import reject_score
from review_app.lab.comparison import paired_difference, told
from review_app.lab.metrics import auroc_interval
from review_app.lab.resampling import Ranking, Resamples, interval, selective_errors
from review_app.lab.robustness import share_flagged
from review_app.lab.selective import risk_coverage
from review_app.lab.training import train_heads
from review_app.lab.versions import JoinedProgress, load_splits, rows_of
from review_app.manifests.manifest import Manifest, ManifestLabel, ManifestRow, require_labels

SCHEMA_VERSION = 1
"""The version of the document."""

Float64 = NDArray[np.float64]
Rows = NDArray[np.intp]


def measure_transfer(
    manifest: Manifest,
    backbone: Backbone,
    *,
    preset: str | Preset = "robust",
    cache: FeatureCache | None = None,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
    fits: Progress | None = None,
    seed: int = SOURCE_SEED,
) -> dict[str, Any]:
    """:func:`transfer` on the splits of ``manifest``; rows without a source are left out.

    ``progress`` counts versions of images, and then ``fits`` counts fitted models. Raises
    ManifestError where a split is missing, nothing can be trained or there is nothing to transfer
    to, and as training does.
    """
    chosen = preset if isinstance(preset, Preset) else preset_called(preset)
    parts = {
        split: tuple(row for row in rows_of(manifest, split) if row.source)
        for split in ("train", "val", "test")
    }
    for split, rows in parts.items():
        require_labels(manifest, rows, f"{split}, with a source,")
    trained = _trainable(manifest, parts)
    images = load_splits(
        manifest, parts, backbone, chosen.copies, cache, decode=decode, progress=progress
    )
    return transfer(
        *images,
        trained,
        backbone,
        preset=chosen,
        name=manifest.path.name,
        fits=fits,
        seed=seed,
    )


def transfer(
    train: Versions,
    val: Versions,
    test: LabelledFeatures,
    trained: Sequence[str],
    backbone: Backbone,
    *,
    preset: Preset,
    name: str,
    fits: Progress | None = None,
    seed: int = SOURCE_SEED,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Train ``preset`` on each source of ``trained`` alone, test on all sources; JSON-safe.

    ``trained`` is ``{source: {"checkpoint", "default_head", "flagged": {"own", "other"}, "heads":
    {head: {"tested": {source: {"n", "n_fake", "auroc": [value, low, high], "accuracy",
    "flagged"}}, "own", "stream"}}}}``. ``own`` and ``stream`` (own and other test images, as many
    of either, drawn by ``seed``) say how well wrong calls come last: ``{"n", "confidence", "reject"
    (AURC [value, low, high] by 1 - max(p, 1 - p) and by the shipped reject score),
    "reject_minus_confidence"}``, the last a paired bootstrap. Wrong is what the checkpoint's own
    threshold calls wrongly. Raises DetectorError where a source cannot be trained on.
    """
    tally = JoinedProgress(fits, len(trained) * (preset.folds + 1))
    sources = sorted(set(train.originals.sources) | set(test.sources))
    measured = {}
    for source in trained:
        checkpoint = train_heads(
            train.take(np.flatnonzero(train.originals.from_source(source))),
            val.take(np.flatnonzero(val.originals.from_source(source))),
            backbone=backbone.card,
            backbone_key=backbone.key,
            name=source,
            data_name=name,
            preset=preset,
            seed=seed,
            fits=tally.step(),
        )
        measured[source] = _measured(checkpoint, source, test, seed)
    return {
        "schema_version": SCHEMA_VERSION,
        "measured_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "data": name,
        "backbone": backbone.card.name,
        "backbone_key": backbone.key,
        "preset": preset.name,
        "seed": seed,
        "sources": {source: _counts(source, train, val, test) for source in sources},
        "trained": measured,
    }


def _trainable(manifest: Manifest, parts: Mapping[str, Sequence[ManifestRow]]) -> tuple[str, ...]:
    """Sources with both classes in every split, in alphabetical order."""
    classes = [
        {(row.source, row.label) for row in rows if row.source and row.label}
        for rows in parts.values()
    ]
    named = sorted({row.source for rows in parts.values() for row in rows if row.source})
    found = tuple(
        source
        for source in named
        if all((source, label) in part for part in classes for label in ManifestLabel)
    )
    if not found or len({row.source for row in parts["test"]}) < 2:
        raise ManifestError(
            f"{manifest.path} has {len(named)} sources, {len(found)} of them with real and fake "
            "images in train, val and test; transfer needs one such source and test images of "
            "another; fill in the column source"
        )
    return found


def _counts(source: str, train: Versions, val: Versions, test: LabelledFeatures) -> dict[str, int]:
    own = test.from_source(source)
    return {
        "n_train": int(train.originals.from_source(source).sum()),
        "n_val": int(val.originals.from_source(source).sum()),
        "n_test": int(own.sum()),
        "n_test_fake": int(test.is_fake[own].sum()),
    }


def _measured(
    checkpoint: Checkpoint, source: str, test: LabelledFeatures, seed: int
) -> dict[str, Any]:
    judgement = checkpoint.judge(test.features)
    own = test.from_source(source)
    stream = _stream(own, seed)
    strata = test.is_fake + 2 * own
    heads = {}
    for head in checkpoint.heads:
        p_fake = judgement.heads[head].p_fake
        wrong = (p_fake >= checkpoint.card.heads[head].threshold) != test.is_fake
        doubts = {"confidence": reject_score(p_fake), "reject": judgement.reject[head]}
        heads[head.value] = {
            "tested": {
                each: _tested(checkpoint, judgement, head, test, each, wrong, seed)
                for each in sorted(set(test.sources))
            },
            "own": _orders(doubts, wrong, strata, np.flatnonzero(own), seed),
            "stream": _orders(doubts, wrong, strata, stream, seed),
        }
    return {
        "checkpoint": checkpoint.id,
        "default_head": checkpoint.default_head.value,
        "flagged": {
            "own": share_flagged(checkpoint, judgement, own),
            "other": share_flagged(checkpoint, judgement, ~own),
        },
        "heads": heads,
    }


def _tested(
    checkpoint: Checkpoint,
    judgement: Judgement,
    head: HeadName,
    test: LabelledFeatures,
    source: str,
    wrong: NDArray[np.bool_],
    seed: int,
) -> dict[str, Any]:
    rows = test.from_source(source)
    return {
        "n": int(rows.sum()),
        "n_fake": int(test.is_fake[rows].sum()),
        "auroc": auroc_interval(judgement.heads[head].p_fake[rows], test.is_fake[rows], seed=seed),
        "accuracy": float((~wrong[rows]).mean()),
        "flagged": share_flagged(checkpoint, judgement, rows),
    }


def _stream(own: NDArray[np.bool_], seed: int) -> Rows:
    """The rows of a stream: as many images of its own source as of others, drawn without
    replacement."""
    rng = np.random.default_rng(seed)
    parts = (np.flatnonzero(own), np.flatnonzero(~own))
    size = min(len(part) for part in parts)
    return np.sort(np.concatenate([rng.choice(part, size, replace=False) for part in parts]))


def _orders(
    doubts: Mapping[str, Float64],
    wrong: NDArray[np.bool_],
    strata: NDArray[Any],
    rows: Rows,
    seed: int,
) -> dict[str, Any]:
    """AURC of the images at ``rows`` by each doubt, and the difference of the two."""
    errors, is_fake = wrong[rows], strata[rows] % 2 == 1
    fewest = min(int(is_fake.sum()), int((~is_fake).sum()))
    values = {name: risk_coverage(doubt[rows], errors).aurc for name, doubt in doubts.items()}
    rankings = {name: Ranking(doubt[rows]) for name, doubt in doubts.items()}
    accepted = np.arange(1, len(rows) + 1)
    drawn = Resamples(strata[rows], seed).statistics(
        lambda counts: {
            name: (selective_errors(ranking.of(counts), errors) / accepted).mean(axis=1)
            for name, ranking in rankings.items()
        }
    )
    difference = paired_difference(
        (values["reject"], values["confidence"]), (drawn["reject"], drawn["confidence"])
    )
    return {
        "n": len(rows),
        **{
            name: [value, *(of_figure(interval(drawn[name]), fewest) or (None, None))]
            for name, value in values.items()
        },
        "reject_minus_confidence": told(difference, is_fake) if difference else None,
    }
