"""Colour: how channels are distributed, and how their fine detail goes together.

Generators make colours from one code, cameras from a mosaic of filters: Li et al. (2020),
"Identification of deep network generated images using disparities in color components".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from review_app.inference.backbones.forensic.moments import (
    VARIANCE_FLOOR,
    Centred,
    Numbers,
    Plane,
    Planes,
    correlation,
    log_variance,
    mean_product,
    peakedness,
)
from review_app.inference.backbones.forensic.residuals import first_order

_PAIRS = ((0, 1), (0, 2), (1, 2))
WIDTH = 5 * 4 + 2 + 2 * 3 + 2 * (5 * 2 + 2 * 3)


def colour(rgb: Planes, ycbcr: tuple[Plane, Plane, Plane]) -> Numbers:
    """Moments and correlations of YCbCr and HSV, and of differences of neighbours, [WIDTH]."""
    _, cb, cr = ycbcr
    value = np.maximum(np.maximum(rgb[0], rgb[1]), rgb[2])
    chroma = value - np.minimum(np.minimum(rgb[0], rgb[1]), rgb[2])
    saturation = np.float32(255) * chroma / np.maximum(value, np.float32(1))
    luma_chroma = [Centred(plane) for plane in ycbcr]
    planes = (*luma_chroma, Centred(saturation), Centred(value))
    numbers = [m for plane in planes for m in _moments(plane)]
    numbers += _hue(cb, cr)
    numbers += _correlations([Centred(plane) for plane in rgb]) + _correlations(luma_chroma)
    for axis in (0, 1):
        spreads, correlations = [], []
        for three, told in ((rgb, (0, 1, 2)), (ycbcr, (1, 2))):
            details = [first_order(plane, axis) for plane in three]
            spreads += [n for i in told for n in _spread(details[i])]
            correlations += _correlations([Centred(detail) for detail in details])
        numbers += spreads + correlations
    return np.array(numbers, dtype=np.float32)


def to_ycbcr(rgb: Planes) -> tuple[Plane, Plane, Plane]:
    """Luma and chroma as JPEG has them (ITU-R BT.601, full range), chroma around 0."""
    red, green, blue = rgb
    y = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return y, np.float32(0.564) * (blue - y), np.float32(0.713) * (red - y)


def _moments(plane: Centred) -> tuple[float, float, float, float]:
    """Mean, standard deviation, skewness and log kurtosis; the last two 0 for one colour."""
    variance = plane.variance + VARIANCE_FLOOR
    square = plane.values * plane.values
    skewness = mean_product(square, plane.values) / variance**1.5
    kurtosis = mean_product(square, square) / variance**2
    return plane.mean, variance**0.5, float(np.clip(skewness, -20, 20)), float(np.log1p(kurtosis))


def _hue(cb: Plane, cr: Plane) -> tuple[float, float]:
    """Mean direction of chroma, as a vector; its length tells how much the hues agree."""
    length = np.sqrt(cb * cb + cr * cr) + np.float32(1)
    return float((cb / length).mean()), float((cr / length).mean())


def _correlations(planes: Sequence[Centred]) -> list[float]:
    return [correlation(planes[i], planes[j]) for i, j in _PAIRS]


def _spread(detail: Plane) -> tuple[float, float]:
    mean_square = (detail * detail).mean()
    mean_abs = np.abs(detail).mean()
    return float(log_variance(mean_square)), float(peakedness(mean_abs, mean_square))
