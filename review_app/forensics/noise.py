"""The noise residual: luma less its 3 × 3 median, a high-pass that leaves sharp edges alone.

Median residuals for finding edits: M. Kirchner and J. Fridrich (2010), "On detection of median
filtering in digital images", SPIE 7541; noise of parts from elsewhere: B. Mahdian and S. Saic
(2009), "Using noise inconsistencies for blind image forensics", Image and Vision Computing 27.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.forensics.planes import Plane, bounded, grey

_MIDDLE = 128.0
_SPREAD = 0.98
"""This share of residuals lies between black and white."""
_STRONGEST = 32.0
"""Gain at most, so that rounding errors do not pass for noise."""
_STRIP = 128
"""Rows at a time: what is worked on stays small enough for the processor's cache."""
_EXCHANGES = (
    *((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3)),
    *((5, 8), (4, 7), (3, 6), (1, 4), (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
)
"""The exchanges that put the median of nine values in the middle (A. W. Paeth 1990, "Median finding
on a 3 × 3 grid", Graphics Gems)."""


def noise(image: Image.Image) -> Image.Image:
    """128 + g (Y - median(Y)); g puts the 98th percentile of sizes at black and white, at most 32.

    RGB in; grey out, of ``image``'s size or averaged down to the bound.
    """
    found = residual(image)
    gain = min(127.0 / max(float(np.quantile(np.abs(found[::2, ::2]), _SPREAD)), 1.0), _STRONGEST)
    return bounded(grey(_MIDDLE + gain * found))


def residual(image: Image.Image) -> Plane:
    """Y - median(Y) over 3 × 3 pixels, [height, width], in grey levels."""
    values = np.asarray(image.convert("L"))
    padded = np.pad(values, 1, mode="edge")
    found = np.empty(values.shape, dtype=np.float32)
    for top in range(0, len(values), _STRIP):
        strip = padded[top : top + _STRIP + 2]
        found[top : top + _STRIP] = values[top : top + _STRIP] - _median(strip).astype(np.float32)
    return found


def _median(padded: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The median of 3 × 3 pixels; one pixel is lost on each side."""
    height, width = padded.shape[0] - 2, padded.shape[1] - 2
    nine = [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
    for low, high in _EXCHANGES:
        nine[low], nine[high] = (
            np.minimum(nine[low], nine[high]),
            np.maximum(nine[low], nine[high]),
        )
    return nine[4]
