"""Scores of many images from cached features alone: nothing is decoded, and nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from review_app.core.chunks import mapped
from review_app.core.progress import Progress
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.features import FeatureCache
from review_app.inference.heads import HeadName

BLOCK = 2048
"""Images at once: their features take some tens of megabytes."""
TOGETHER = 2
"""Blocks that are judged at the same time, each on a core."""


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
    alone = _with_one_head(checkpoint, name)
    found = np.full((len(keys), 2), np.nan)

    def judge(start: int) -> int:
        block = keys[start : start + BLOCK]
        features = cache.get_many(block, checkpoint.card.backbone_key)
        rows = [at for at, key in enumerate(block) if key in features]
        if rows:
            judged = alone.judge(np.stack([features[block[at]] for at in rows]))
            at = start + np.array(rows)
            found[at, 0], found[at, 1] = judged.heads[name].p_fake, judged.scores[name]
        return start + len(block)

    with ThreadPoolExecutor(TOGETHER, thread_name_prefix="cached-scores") as pool:
        for done in mapped(pool, judge, range(0, len(keys), BLOCK), TOGETHER):
            if progress:
                progress(done, len(keys))
    return found


def _with_one_head(checkpoint: Checkpoint, name: HeadName) -> Checkpoint:
    """The checkpoint with the head ``name`` alone, and the one beneath where that is an update."""
    model, learned = checkpoint.model, checkpoint.card.learned
    needed = {name}
    if name is HeadName.UPDATED and learned is not None and learned.head is not None:
        needed.add(learned.head)
    heads = {each: head for each, head in model.heads.items() if each in needed}
    updated = model.updated if name is HeadName.UPDATED else None
    maps = {each: found for each, found in checkpoint.calibrations.items() if each in needed}
    return replace(
        checkpoint, model=replace(model, heads=heads, updated=updated), calibrations=maps
    )
