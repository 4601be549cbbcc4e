"""``evaluate``: what every head of a checkpoint is worth on labelled images.

:func:`evaluate` gives the short document of ``evaluate --json``; :func:`examine` gives everything
that a report tells and draws, with a document that contains the short one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.checkpoint import Checkpoint, Judgement, require_backbone
from review_app.inference.dataset import Decoder, LabelledFeatures, decode_plainly, load_labelled
from review_app.inference.features import FeatureCache
from review_app.inference.heads import SOURCE_SEED, HeadName
from review_app.inference.heads.standardizer import Standardizer
from review_app.lab.assessment import IN_FORCE, HeadEvaluationInput, assess
from review_app.lab.choices import best_thresholds
from review_app.lab.metrics import head_metrics
from review_app.lab.portrait import NoveltyScores, extremes, principal_components
from review_app.lab.provenance import about_data, about_model
from review_app.manifests.manifest import Manifest
from review_app.manifests.weights import effective_size

SCHEMA_VERSION = 1
"""The version of the document in ``metrics.json``."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that a report tells and draws of n images."""

    document: dict[str, Any]
    """``metrics.json``; JSON-safe. Every number on the report's page is one of these."""
    is_fake: NDArray[np.bool_]
    """bool [n]."""
    heads: Mapping[HeadName, HeadEvaluationInput]
    losses: Mapping[HeadName, tuple[float, ...]]
    """Mean training loss of each epoch; empty for a head without epochs."""
    projection: Float64
    """The images on the first two principal components of their features, [n, 2]."""
    paths: tuple[Path, ...] = ()
    """The image files, where thumbnails may be wanted."""
    validation: LabelledScores | None = None
    """The scores on the images that chose the thresholds, where the manifest has them."""
    weights: Float64 | None = None
    """How much each image counts, with the mean 1; None: all alike."""


@dataclass(frozen=True, slots=True)
class LabelledScores:
    """P(fake) of every head on m labelled images."""

    is_fake: NDArray[np.bool_]
    p_fake: Mapping[HeadName, Float64]
    weights: Float64 | None = None


def evaluate(checkpoint: Checkpoint, data: LabelledFeatures) -> dict[str, Any]:
    """The document of ``evaluate --json``: ``{"checkpoint", "n", "heads": {name: metrics}}``, and
    ``effective_n`` where images have weights that differ.

    Thresholds are the checkpoint's, chosen on its validation images, never on ``data``. What the
    metrics mean: :func:`review_app.lab.metrics.head_metrics`. Raises InputError without
    images.
    """
    _require_images(data)
    heads = {
        name.value: head_metrics(
            prediction,
            data.is_fake,
            checkpoint.card.heads[name].threshold,
            has_std=checkpoint.heads[name].has_std,
            weights=data.weighting,
        )
        for name, prediction in checkpoint.predict(data.features).items()
    }
    return {"checkpoint": checkpoint.id, "n": len(data), **effective(data), "heads": heads}


def effective(data: LabelledFeatures) -> dict[str, float]:
    """How many images of equal weight tell as much (Kish); nothing where all weigh the same."""
    weights = data.weighting
    return {} if weights is None else {"effective_n": effective_size(weights)}


def examine(
    checkpoint: Checkpoint,
    data: LabelledFeatures,
    *,
    name: str,
    split: str | None = None,
    names: Sequence[str] = (),
    paths: Sequence[Path] = (),
    validation: LabelledFeatures | None = None,
    search: Mapping[str, Any] | None = None,
    seed: int = SOURCE_SEED,
    now: datetime | None = None,
) -> Evaluation:
    """Everything there is to say of ``checkpoint`` on ``data``.

    ``name`` and ``split`` say what the data is; ``names`` and ``paths`` are the images' own, in its
    order. ``validation`` are the images that chose the thresholds: they are drawn beside the
    others, and choose nothing here. ``search`` is the document of a grid search, to be drawn. The
    same arguments give the same document. Raises InputError without images.
    """
    _require_images(data)
    scores = _scores(checkpoint, validation) if validation else None
    judgement = checkpoint.judge(data.features)
    heads = head_inputs(checkpoint, judgement, scores)
    novelty = _novelty(checkpoint, judgement)
    standardised = Standardizer.fit(data.features).apply(data.features)
    projection, explained = principal_components(standardised, seed=seed)
    default = checkpoint.default_head
    document = {
        "schema_version": SCHEMA_VERSION,
        "measured_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "checkpoint": checkpoint.id,
        "n": len(data),
        **effective(data),
        "default_head": default.value,
        "data": about_data(checkpoint, data, name, split),
        "model": about_model(checkpoint),
        **assess(heads, data.is_fake, data.sources, seed=seed, weights=data.weighting),
        "novelty": novelty.document(data.sources) if novelty else None,
        "pca": {"explained": explained},
        "validation": {"n": len(validation)} if validation else None,
        "search": dict(search) if search else None,
        "extremes": extremes(
            heads[default],
            data.is_fake,
            names or [key[:12] for key in data.keys],
            data.sources,
            novelty,
        ),
    }
    return Evaluation(
        document,
        data.is_fake,
        heads,
        {each: card.losses for each, card in checkpoint.card.heads.items()},
        projection,
        tuple(paths),
        scores,
        data.weighting,
    )


def evaluate_manifest(
    checkpoint: Checkpoint,
    manifest: Manifest,
    backbone: Backbone,
    *,
    split: str | None = None,
    cache: FeatureCache | None = None,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """:func:`evaluate` on the rows of ``split``; by default ``test`` if there is one, else all.

    Raises ManifestError for rows without label, one class only or images that cannot be read, and
    CheckpointError where the checkpoint needs another backbone.
    """
    require_backbone(checkpoint, backbone)
    _, rows = manifest.to_measure(split)
    data = load_labelled(
        manifest, rows, backbone, cache, purpose="evaluation", decode=decode, progress=progress
    )
    return evaluate(checkpoint, data)


def examine_manifest(
    checkpoint: Checkpoint,
    manifest: Manifest,
    backbone: Backbone,
    *,
    split: str | None = None,
    cache: FeatureCache | None = None,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
    search: Mapping[str, Any] | None = None,
) -> Evaluation:
    """:func:`examine` on the rows that :func:`evaluate_manifest` takes; raises the same.

    The manifest's split ``val`` is scored too where it is what chose the checkpoint's thresholds:
    where the checkpoint has seen all of its images, and has not learned from them.
    """
    require_backbone(checkpoint, backbone)
    chosen, rows = manifest.to_measure(split)
    held_out = not checkpoint.card.data.folds
    others = manifest.split("val") if held_out and chosen not in (None, "val") else ()
    loaded = load_labelled(
        manifest,
        [*rows, *others],
        backbone,
        cache,
        purpose="evaluation",
        decode=decode,
        progress=progress,
    )
    data, val = loaded[: len(rows)], loaded[len(rows) :]
    known = len(val) > 0 and all(checkpoint.seen(key) for key in val.keys)
    return examine(
        checkpoint,
        data,
        name=manifest.path.name,
        split=chosen,
        names=[row.name for row in rows],
        paths=[row.path for row in rows],
        validation=val if known else None,
        search=search,
    )


def head_inputs(
    checkpoint: Checkpoint, judgement: Judgement, validation: LabelledScores | None = None
) -> dict[HeadName, HeadEvaluationInput]:
    """What every head said, with the thresholds of the checkpoint's card.

    A card of schema version 1 names no thresholds of best F1 and accuracy: they are then chosen
    again on its ``validation`` images.
    """
    inputs = {}
    for name, prediction in judgement.heads.items():
        card = checkpoint.card.heads[name]
        thresholds = {IN_FORCE: card.threshold} | card.thresholds
        if validation is not None and not card.thresholds:
            scores = validation.p_fake[name]
            thresholds = (
                best_thresholds(scores, validation.is_fake, validation.weights) | thresholds
            )
        inputs[name] = HeadEvaluationInput(
            prediction, judgement.reject[name], thresholds, checkpoint.heads[name].has_std
        )
    return inputs


def _novelty(checkpoint: Checkpoint, judgement: Judgement) -> NoveltyScores | None:
    """How unlike the training images each image is, or None where the checkpoint cannot tell."""
    card = checkpoint.card.novelty
    return (
        None
        if card is None or judgement.novelty is None
        else NoveltyScores(judgement.novelty, card.cut)
    )


def _scores(checkpoint: Checkpoint, data: LabelledFeatures) -> LabelledScores:
    predictions = checkpoint.predict(data.features)
    scores = {name: prediction.p_fake for name, prediction in predictions.items()}
    return LabelledScores(data.is_fake, scores, data.weighting)


def _require_images(data: LabelledFeatures) -> None:
    if not len(data):
        raise InputError("there are no labelled images to evaluate on; give a manifest with labels")
