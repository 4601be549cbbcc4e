"""Placements of the scores of one class among those of the other, and the AUROC, their mean.

Images may be weighed; ties count half. Pure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


def auroc(score: Float64, positive: Bools, weights: Float64 | None = None) -> float | None:
    """The area under the ROC curve of ``score`` [n], whose images count as ``weights`` [n] say;
    None where a class is missing, or counts nothing."""
    _, ranks = np.unique(score, return_inverse=True)
    counted = np.ones(len(score)) if weights is None else weights
    above = np.bincount(ranks, counted * positive)
    below = np.bincount(ranks, counted * ~positive)
    whole = above.sum() * below.sum()
    return float(above @ (np.cumsum(below) - below / 2) / whole) if whole else None


def placements(
    score: Float64, positive: Bools, weights: Float64 | None = None
) -> tuple[Float64, Float64]:
    """The share of the negatives' weight below each positive, and of the positives' above each
    negative, of ``score`` [n] with ``weights`` [n]; both classes are there. The AUROC is the mean
    of either (DeLong et al. 1988)."""
    mass = np.ones(len(score)) if weights is None else weights
    above = _share_below(score[~positive], mass[~positive], score[positive])
    below = 1 - _share_below(score[positive], mass[positive], score[~positive])
    return above, below


def _share_below(of: Float64, weights: Float64, at: Float64) -> Float64:
    order = np.argsort(of, kind="stable")
    ranked = of[order]
    mass = np.concatenate([[0.0], np.cumsum(weights[order])])
    low, high = (mass[np.searchsorted(ranked, at, side=side)] for side in ("left", "right"))
    share: Float64 = (low + high) / (2 * mass[-1])
    return share
