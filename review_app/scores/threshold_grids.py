"""Threshold grids from scores that take no part in calibration."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from review_app.certification.threshold_grid import Side, ThresholdGrid, candidate_thresholds
from review_app.core.errors import InputError
from review_app.scores.table import ScoreTable

GRID_SPLIT = "val"
LEARNED_SPLIT = "train"
GRID_SHARE = 0.2
"""The share of the images drawn for the threshold grid where no split is called val."""


def threshold_grids_of(scores: NDArray[np.float64]) -> tuple[ThresholdGrid, ThresholdGrid]:
    """Threshold grids for real and for fake: at most 20 thresholds a side, evenly spaced in the
    share of ``scores`` [n] that they accept, as training makes them. Labels are not needed."""
    real, fake = candidate_thresholds(scores, fake=False), candidate_thresholds(scores, fake=True)
    return ThresholdGrid(Side.REAL, *real), ThresholdGrid(Side.FAKE, *fake)


def grid_part(
    table: ScoreTable, seed: int, *, never: str | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which images make the grid, and which are left for calibration and truth; masks [n].

    The grid's are those of split ``val`` where there are any, else a fifth drawn by ``seed``.
    Images of split ``train`` are in neither: the detector has learned from them. Images of source
    ``never`` make no grid. Raises InputError where either part would be empty.
    """
    usable = np.asarray(table.split != LEARNED_SPLIT, np.bool_)
    eligible = usable if never is None else usable & np.asarray(table.source != never, np.bool_)
    grid = eligible & np.asarray(table.split == GRID_SPLIT, np.bool_)
    if not grid.any():
        draws = np.random.default_rng(seed).random(len(table))
        grid = eligible & (draws < GRID_SHARE)
    rest = usable & ~grid & np.asarray(table.split != GRID_SPLIT, np.bool_)
    if not grid.any() or not rest.any():
        raise InputError(
            f"{table.path}: {int(grid.sum())} images for the threshold grid and "
            f"{int(rest.sum())} for calibration are too few; rows of split {GRID_SPLIT!r} make "
            f"the grid, rows of split {LEARNED_SPLIT!r} are left out"
        )
    return grid, rest
