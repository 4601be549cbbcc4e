"""Scores of the shipped checkpoints on the real test images, for benchmarks that resample them.

Each is measured on the kinds that it was trained on. The images are in no repository: where they
are absent, `load` gives nothing and benchmarks say so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import LabelledFeatures, load_labelled
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.manifests.manifest import read_manifest

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "../shared/data/manifest.csv"
MORE = ROOT / "../shared/wild/manifest.csv"
"""Two kinds more, of which a checkpoint is measured on those that it knows."""
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
    features = DirectoryFeatureCache(cache)
    return [
        _score(Checkpoint.load(ROOT / "checkpoints" / name), features, name) for name in checkpoints
    ]


def judge(
    checkpoint: Checkpoint, features: DirectoryFeatureCache
) -> tuple[LabelledFeatures, Judgement]:
    """The test images, and what ``checkpoint`` says of them."""
    data = images(checkpoint, features, "test")
    return data, checkpoint.judge(data.features)


def images(checkpoint: Checkpoint, features: DirectoryFeatureCache, split: str) -> LabelledFeatures:
    """The images of one split that are of kinds that the checkpoint was trained on, by its
    backbone."""
    return reduce(LabelledFeatures.joined, _parts(checkpoint, features, split))


def _parts(
    checkpoint: Checkpoint, features: DirectoryFeatureCache, split: str
) -> Iterator[LabelledFeatures]:
    backbone = load_backbone(checkpoint.card.backbone.name)
    for path in (MANIFEST, MORE):
        manifest = read_manifest(path) if path.exists() else None
        rows = manifest.split(split) if manifest else ()
        known = tuple(row for row in rows if row.source in checkpoint.card.data.sources)
        if manifest and known:
            yield load_labelled(
                manifest, known, backbone, features, purpose="measuring on real images"
            )


def _score(checkpoint: Checkpoint, features: DirectoryFeatureCache, name: str) -> Scored:
    head = checkpoint.default_head
    data, judgement = judge(checkpoint, features)
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
