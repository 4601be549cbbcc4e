"""Ladders of thresholds from scores that take no part in calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from review_app.certification.ladder import Side, ThresholdGrid
from review_app.certification.threshold_grid import rungs
from review_app.core.errors import InputError
from review_app.scores.table import ScoreTable

LADDER_SPLIT = "val"
LEARNED_SPLIT = "train"
LADDER_SHARE = 0.2
"""The share of the images drawn for the threshold grid where no split is called val."""


def ladders_of(scores: NDArray[np.float64]) -> tuple[ThresholdGrid, ThresholdGrid]:
    """Ladders for real and for fake: at most 20 thresholds a side, evenly spaced in the share of
    ``scores`` [n] that they accept, as training makes them. Labels are not needed."""
    real, fake = rungs(scores, fake=False), rungs(scores, fake=True)
    return ThresholdGrid(Side.REAL, *real), ThresholdGrid(Side.FAKE, *fake)


def ladder_part(
    table: ScoreTable, seed: int, *, never: str | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which images make the ladder, and which are left for calibration and truth; masks [n].

    The ladder's are those of split ``val`` where there are any, else a fifth drawn by ``seed``.
    Images of split ``train`` are in neither: the detector has learned from them. Images of source
    ``never`` make no ladder. Raises InputError where either part would be empty.
    """
    usable = np.asarray(table.split != LEARNED_SPLIT, np.bool_)
    eligible = usable if never is None else usable & np.asarray(table.source != never, np.bool_)
    ladder = eligible & np.asarray(table.split == LADDER_SPLIT, np.bool_)
    if not ladder.any():
        draws = np.random.default_rng(seed).random(len(table))
        ladder = eligible & (draws < LADDER_SHARE)
    rest = usable & ~ladder & np.asarray(table.split != LADDER_SPLIT, np.bool_)
    if not ladder.any() or not rest.any():
        raise InputError(
            f"{table.path}: {int(ladder.sum())} images for the ladder of thresholds and "
            f"{int(rest.sum())} for calibration are too few; rows of split {LADDER_SPLIT!r} make "
            f"the ladder, rows of split {LEARNED_SPLIT!r} are left out"
        )
    return ladder, rest
