"""Score tables for tests, with a known truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from review_app.scores.table import ScoreTable


def table(
    n: int,
    *,
    seed: int = 0,
    separation: float = 2.0,
    source: NDArray[np.str_] | None = None,
    split: NDArray[np.str_] | None = None,
) -> ScoreTable:
    """n labelled images, half fake; logits of the classes lie ``separation`` apart on either side
    of 0, with a spread of 1. A negative separation makes a detector that is wrong."""
    rng = np.random.default_rng(seed)
    fake = np.arange(n) % 2 == 1
    logits = rng.normal(size=n) + np.where(fake, separation, -separation) / 2
    p = 1 / (1 + np.exp(-2 * logits))
    unknown, nothing = np.full(n, np.nan), np.full(n, "", dtype=np.object_)
    return ScoreTable(
        Path("made.csv"),
        "made",
        p,
        p,
        unknown,
        unknown,
        np.ones(n, np.bool_),
        fake,
        nothing if source is None else source.astype(np.object_),
        nothing if split is None else split.astype(np.object_),
        unknown,
    )
