"""Scores of many images from cached features alone: nothing is decoded, and nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from review_app.core.progress import Progress
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.features import FeatureCache

BLOCK = 2048
"""Images at once: their features take some tens of megabytes."""


def cached_scores(
    checkpoint: Checkpoint,
    head: str,
    cache: FeatureCache,
    keys: Sequence[str],
    progress: Progress | None = None,
) -> NDArray[np.float64]:
    """What ``head`` says of the images of ``keys`` (SHA-256): P(fake) and score, [n, 2]; NaN where
    no features are cached. ``progress`` is called after every block."""
    name = next(each for each in checkpoint.heads if each.value == head)
    alone = replace(
        checkpoint,
        model=replace(checkpoint.model, heads={name: checkpoint.heads[name]}),
        calibrations={n: each for n, each in checkpoint.calibrations.items() if n is name},
    )
    found = np.full((len(keys), 2), np.nan)
    for start in range(0, len(keys), BLOCK):
        block = keys[start : start + BLOCK]
        features = cache.get_many(block, checkpoint.card.backbone_key)
        rows = [at for at, key in enumerate(block) if key in features]
        if rows:
            judged = alone.judge(np.stack([features[block[at]] for at in rows]))
            at = start + np.array(rows)
            found[at, 0], found[at, 1] = judged.heads[name].p_fake, judged.scores[name]
        if progress:
            progress(min(start + BLOCK, len(keys)), len(keys))
    return found
