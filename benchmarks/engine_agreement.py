"""What engines that are detectors of their own make of the shipped checkpoint's scores.

On test images of ``../shared``, which neither chose nor calibrated anything, against the reference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Row, at_most
from benchmarks.real_scores import ABSENT, MANIFEST
from review_app.core.placements import auroc
from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, load_labelled
from review_app.inference.engines import EngineName
from review_app.manifests.manifest import Manifest, ManifestRow, read_manifest

BARS: Final = (
    (EngineName.OPENVINO_BF16, 0.002, 0.01),
    (EngineName.OPENVINO_INT8, 0.005, 0.02),
)
"""By how much the AUROC may differ, and the share of calls that may flip."""

On = Callable[[Backbone, EngineName], Backbone | None]
"""A backbone on an engine; None where that cannot run here."""


def agreement(checkpoint: Checkpoint, on: On, n: int) -> tuple[Row, list[Row]]:
    """Of the first ``n`` test images of each source and class."""
    if not MANIFEST.exists():
        print(ABSENT)
        return {}, []
    manifest = read_manifest(MANIFEST)
    rows = tuple(_first(manifest, checkpoint, n))
    head = checkpoint.default_head
    card = checkpoint.card.heads[head]
    grid = np.array(sorted((*card.ladder.real.thresholds, *card.ladder.fake.thresholds)))
    backbone = load_backbone(checkpoint.card.backbone.name)

    def said(engine: EngineName) -> tuple[NDArray[np.float64], ...] | None:
        """AUROC of P(fake), P(fake) [n], and the scores [n] that thresholds are compared with."""
        if on(backbone, engine) is None:
            return None
        data = _features(manifest, rows, backbone)
        judgement = checkpoint.judge(data.features)
        p_fake = judgement.heads[head].p_fake
        return np.array([auroc(p_fake, data.is_fake)]), p_fake, judgement.scores[head]

    reference = said(EngineName.TORCH)
    assert reference is not None  # torch runs everywhere
    found: Row = {"images": len(rows), "torch": {"auroc": float(reference[0][0])}}
    bars: list[Row] = []
    for engine, area_bar, flip_bar in BARS:
        told = said(engine)
        if told is None:
            continue
        (area, p_fake, scores), (area_0, p_fake_0, scores_0) = told, reference
        flips = float(np.mean((p_fake >= card.threshold) != (p_fake_0 >= card.threshold)))
        beyond = [(each[:, None] >= grid) for each in (scores, scores_0)]
        worst = float((beyond[0] != beyond[1]).mean(0).max(initial=0.0))
        found[engine.value] = {
            "auroc": float(area[0]),
            "calls_flipped": flips,
            "flipped_at_worst_threshold": worst,
            "median_change": float(np.median(np.abs(p_fake - p_fake_0))),
        }
        areas = f"{area[0]:.4f}, {area_0[0]:.4f} on torch"
        counted = f"of {len(rows)} images; at the worst threshold of the grids {worst:.4f}"
        what = f"shipped checkpoint on {engine}"
        bars += [
            at_most(f"{what}: change of AUROC", abs(float(area[0] - area_0[0])), area_bar, areas),
            at_most(f"{what}: share of calls that flip", flips, flip_bar, counted),
        ]
    return found, bars


def _features(
    manifest: Manifest, rows: tuple[ManifestRow, ...], backbone: Backbone
) -> LabelledFeatures:
    return load_labelled(manifest, rows, backbone, purpose="comparing engines")


def _first(manifest: Manifest, checkpoint: Checkpoint, n: int) -> Iterator[ManifestRow]:
    """The first ``n`` test images of each source that the checkpoint knows, and class."""
    taken: defaultdict[tuple[object, ...], int] = defaultdict(int)
    for row in manifest.split("test"):
        kind = (row.source, row.label)
        if row.source in checkpoint.card.data.sources and taken[kind] < n:
            taken[kind] += 1
            yield row
