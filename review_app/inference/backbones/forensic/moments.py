"""Small statistics that never divide by zero: an image of one colour has them all, finite."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""One value per pixel, [h, w]."""
Planes = NDArray[np.float32]
"""Red, green and blue, [3, h, w]; contiguous, since sums over strides are slow."""
Numbers = NDArray[np.float32]
"""One statistic after the other, [k]."""

VARIANCE_FLOOR = 1e-2
"""Added to variances of grey levels: an eighth of the variance (1/12) that rounding leaves."""


def log_variance(variance: NDArray[np.floating]) -> Numbers:
    """Natural logarithm of a variance in squared grey levels, with its floor."""
    logarithm: Numbers = np.log(variance + VARIANCE_FLOOR).astype(np.float32)
    return logarithm


def peakedness(mean_abs: NDArray[np.floating], mean_square: NDArray[np.floating]) -> Numbers:
    """Geary's ratio E|x|² / E x²: .64 for a normal, .5 for a Laplace distribution, 1 for none.

    As steady as a kurtosis is not. Floored, so that zeros give 1.
    """
    floor = np.float32(VARIANCE_FLOOR)
    return ((mean_abs**2 + floor) / (mean_square + floor)).astype(np.float32)


class Centred:
    """A plane around its mean."""

    def __init__(self, plane: Plane) -> None:
        self.mean = float(mean := plane.mean())
        self.values = plane - mean
        self.variance = mean_product(self.values, self.values)


def mean_product(a: Plane, b: Plane) -> float:
    """Mean of the products of two planes, place by place."""
    return float((a * b).mean())


def correlation(x: Centred, y: Centred) -> float:
    """Pearson correlation over all places; 0 where one of the two does not vary."""
    scale = x.variance * y.variance
    return mean_product(x.values, y.values) / scale**0.5 if scale > VARIANCE_FLOOR**4 else 0.0
