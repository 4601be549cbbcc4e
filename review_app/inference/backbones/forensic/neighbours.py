"""Neighbouring-pixel relationships: what upsampling inside a generator leaves in 2 x 2 blocks.

Tan et al. (2024), "Rethinking the up-sampling operations in CNN-based generative network for
generalizable deepfake detection". They feed the differences of a block from its first pixel to a
network; here they are summed up, over all four places that the grid of blocks may have.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from review_app.inference.backbones.forensic.moments import (
    VARIANCE_FLOOR,
    Numbers,
    Planes,
    log_variance,
    peakedness,
)

_DIFFERENCES = ((0, 1), (1, 0), (1, 1))
"""Rows down and columns right from the first pixel of a block to each of the others."""
_PAIRS = ((0, 1), (0, 2), (1, 2))
_PRODUCTS = ((0, 0), (1, 1), (2, 2), *_PAIRS)
_EXACT = 0.99 * 2**24

Differences = NDArray[np.float32]
"""[difference, channel, block]."""

WIDTH = 2 * 3 * (3 * len(_DIFFERENCES) + len(_PAIRS))


def neighbours(rgb: Planes) -> Numbers:
    """Statistics of the differences in blocks [WIDTH]: mean over the four grids, then the range.

    The range shows that one grid differs from the others, wherever a crop has put it. Of each
    channel and difference: log variance, peakedness and the share of none; of each channel and pair
    of differences: their correlation.
    """
    mean_abs, none, products = map(np.stack, zip(*map(_means, _by_grid(rgb)), strict=True))
    mean_square, together = products[:, :3], products[:, 3:]
    scale = np.stack([mean_square[:, i] * mean_square[:, j] for i, j in _PAIRS], axis=1)
    correlations = together / np.sqrt(scale + np.float32(VARIANCE_FLOOR**2))
    parts = (log_variance(mean_square), peakedness(mean_abs, mean_square), none, correlations)
    grids = np.concatenate([part.reshape(4, -1) for part in parts], axis=1)
    return np.concatenate([grids.mean(0), np.ptp(grids, axis=0)]).astype(np.float32)


def _means(differences: Differences) -> tuple[Numbers, NDArray[np.float64], Numbers]:
    """Mean sizes of the differences of one grid and shares of none, [difference, channel], and the
    means of squares, then of products: [6, channel]."""
    products = np.stack([_mean_products(differences[:, i]) for i in range(3)], axis=1)
    is_none = differences == 0
    # Row by row: along an axis NumPy adds booleans as whole numbers, many times as slowly.
    none = np.array([[np.count_nonzero(row) for row in rows] for rows in is_none])
    none = none / differences.shape[-1]
    return np.abs(differences, out=differences).mean(-1), none, products


def _mean_products(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of the squares of three rows [3, n] of whole numbers, and of their products, [6].

    Sums of whole numbers are exact below 2^24, in whatever order BLAS adds; beyond that, which is
    rare, NumPy adds in an order of its own.
    """
    sums = np.array([rows[i] @ rows[j] for i, j in _PRODUCTS], dtype=np.float32)
    if sums.max() < _EXACT:
        return sums / np.float32(rows.shape[-1])
    return np.array([(rows[i] * rows[j]).mean() for i, j in _PRODUCTS], dtype=np.float32)


def _by_grid(rgb: Planes) -> Iterator[Differences]:
    """Differences of each of the four grids of 2 x 2 blocks in turn, in memory that is used again
    for the next."""
    height, width = (rgb.shape[1] - 1) // 2, (rgb.shape[2] - 1) // 2
    planes = {(y, x): np.ascontiguousarray(rgb[:, y::2, x::2]) for y in (0, 1) for x in (0, 1)}
    found = np.empty((len(_DIFFERENCES), 3, height, width), np.float32)

    def pixels(y: int, x: int) -> NDArray[np.float32]:
        plane = planes[y % 2, x % 2]
        return plane[:, y // 2 : y // 2 + height, x // 2 : x // 2 + width]

    for y, x in planes:
        for place, (down, right) in zip(found, _DIFFERENCES, strict=True):
            np.subtract(pixels(y + down, x + right), pixels(y, x), out=place)
        yield found.reshape(len(found), 3, -1)
