"""Scores of the shipped checkpoints on the real test images, for benchmarks that resample them.

The images are in no repository: where they are absent, `load` gives nothing and benchmarks say so.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import LabelledFeatures, load_labelled
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.manifests.manifest import Manifest, read_manifest

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "../shared/data/manifest.csv"
CACHE = Path(tempfile.gettempdir()) / "deepfake-review-benchmarks"
ABSENT = f"skipped: {MANIFEST.resolve()} is not there; it holds the real images to measure on"


@dataclass(frozen=True)
class Scored:
    """The default head of one checkpoint on the test images."""

    checkpoint: str
    """The name of the checkpoint."""
    scores: NDArray[np.float64]
    """What thresholds are compared with, [n]."""
    is_fake: NDArray[np.bool_]
    grids: dict[Side, ThresholdGrid]


def load(cache: Path, checkpoints: tuple[str, ...] = ("default", "source")) -> list[Scored]:
    """Scores of ``checkpoints``, features cached in ``cache``; empty where there are no images."""
    if not MANIFEST.exists():
        return []
    manifest = read_manifest(MANIFEST)
    features = DirectoryFeatureCache(cache)
    return [
        _score(Checkpoint.load(ROOT / "checkpoints" / name), manifest, features, name)
        for name in checkpoints
    ]


def judge(
    checkpoint: Checkpoint, manifest: Manifest, features: DirectoryFeatureCache
) -> tuple[LabelledFeatures, Judgement]:
    """The test images, and what ``checkpoint`` says of them."""
    data = images(checkpoint, manifest, features, "test")
    return data, checkpoint.judge(data.features)


def images(
    checkpoint: Checkpoint, manifest: Manifest, features: DirectoryFeatureCache, split: str
) -> LabelledFeatures:
    """The images of one split, by the checkpoint's backbone."""
    return load_labelled(
        manifest,
        tuple(manifest.split(split)),
        load_backbone(checkpoint.card.backbone.name),
        features,
        purpose="measuring on real images",
    )


def _score(
    checkpoint: Checkpoint, manifest: Manifest, features: DirectoryFeatureCache, name: str
) -> Scored:
    head = checkpoint.default_head
    data, judgement = judge(checkpoint, manifest, features)
    card = checkpoint.card.heads[head].ladder
    return Scored(
        name,
        judgement.scores[head],
        data.is_fake,
        {
            Side.REAL: ThresholdGrid(Side.REAL, card.real.thresholds, card.real.acceptance),
            Side.FAKE: ThresholdGrid(Side.FAKE, card.fake.thresholds, card.fake.acceptance),
        },
    )
