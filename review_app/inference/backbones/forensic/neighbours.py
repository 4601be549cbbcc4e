"""Neighbouring-pixel relationships: what upsampling inside a generator leaves in 2 x 2 blocks.

Tan et al. (2024), "Rethinking the up-sampling operations in CNN-based generative network for
generalizable deepfake detection". They feed the differences of a block from its first pixel to a
network; here they are summed up, over all four places that the grid of blocks may have.
"""

from __future__ import annotations

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

WIDTH = 2 * 3 * (3 * len(_DIFFERENCES) + len(_PAIRS))


def neighbours(rgb: Planes) -> Numbers:
    """Statistics of the differences in blocks [WIDTH]: mean over the four grids, then the range.

    The range shows that one grid differs from the others, wherever a crop has put it. Of each
    channel and difference: log variance, peakedness and the share of none; of each channel and pair
    of differences: their correlation.
    """
    differences = _by_grid(rgb)
    size = np.abs(differences)
    mean_abs = size.mean(-1)
    mean_square = (differences * differences).mean(-1)
    none = (size < np.float32(0.5)).mean(-1)
    products = np.stack(
        [(differences[:, i] * differences[:, j]).mean(-1) for i, j in _PAIRS], axis=1
    )
    scale = np.stack([mean_square[:, i] * mean_square[:, j] for i, j in _PAIRS], axis=1)
    correlations = products / np.sqrt(scale + np.float32(VARIANCE_FLOOR**2))
    parts = (log_variance(mean_square), peakedness(mean_abs, mean_square), none, correlations)
    grids = np.concatenate([part.reshape(4, -1) for part in parts], axis=1)
    return np.concatenate([grids.mean(0), np.ptp(grids, axis=0)]).astype(np.float32)


def _by_grid(rgb: Planes) -> NDArray[np.float32]:
    """Differences, sorted by the four grids of 2 x 2 blocks: [4, difference, channel, block]."""
    height, width = (rgb.shape[1] - 1) // 2 * 2, (rgb.shape[2] - 1) // 2 * 2
    first = rgb[:, :height, :width]
    differences = np.stack(
        [rgb[:, dy : dy + height, dx : dx + width] - first for dy, dx in _DIFFERENCES]
    )
    blocks = differences.reshape(3, 3, height // 2, 2, width // 2, 2)
    return blocks.transpose(3, 5, 0, 1, 2, 4).reshape(4, 3, 3, -1)
