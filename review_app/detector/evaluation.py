"""``evaluate``: what every head of a checkpoint is worth on labelled images, as JSON."""

from __future__ import annotations

from typing import Any

from review_app.datasets.manifest import Manifest
from review_app.detector.backbones.base import Backbone
from review_app.detector.checkpoint import Checkpoint, require_backbone
from review_app.detector.dataset import Decoder, LabelledFeatures, decode_plainly, load_labelled
from review_app.detector.features import FeatureCache, Progress
from review_app.detector.metrics import head_metrics
from review_app.errors import InputError, ManifestError


def evaluate(checkpoint: Checkpoint, data: LabelledFeatures) -> dict[str, Any]:
    """The document of ``evaluate --json``: ``{"checkpoint", "n", "heads": {name: metrics}}``.

    Thresholds are the checkpoint's, chosen on its validation images, never on ``data``. What the
    metrics mean: :func:`review_app.detector.metrics.head_metrics`. Raises InputError without
    images.
    """
    if not len(data):
        raise InputError("there are no labelled images to evaluate on; give a manifest with labels")
    heads = {
        name.value: head_metrics(
            prediction,
            data.is_fake,
            checkpoint.card.heads[name].threshold,
            has_std=checkpoint.heads[name].has_std,
        )
        for name, prediction in checkpoint.predict(data.features).items()
    }
    return {"checkpoint": checkpoint.id, "n": len(data), "heads": heads}


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
    chosen = split or ("test" if "test" in manifest.splits else None)
    rows = manifest.split(chosen) if chosen else manifest.rows
    if not rows:
        known = ", ".join(sorted(manifest.splits)) or "none"
        raise ManifestError(f"{manifest.path} has no split {chosen!r}; its splits: {known}")
    data = load_labelled(
        manifest, rows, backbone, cache, purpose="evaluation", decode=decode, progress=progress
    )
    return evaluate(checkpoint, data)
