"""Low-level statistics of a picture: what can be said of it without seeing what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True, slots=True)
class PixelStatistics:
    """Four numbers of an upright picture, its values being 0 to 255."""

    sharpness: float
    """The variance of the Laplacian of the luma (Pech-Pacheco et al. 2000), each pixel as it is."""
    brightness: float
    """The mean of the luma."""
    contrast: float
    """The standard deviation of the luma."""
    colourfulness: float
    """The measure M of Hasler & Süsstrunk (2003): 0 is grey, beyond 80 is gaudy."""


def pixel_statistics(picture: Image.Image) -> PixelStatistics:
    """The statistics of ``picture``; one of fewer than three pixels a side has no sharpness."""
    luma = np.asarray(picture.convert("L"), dtype=np.float32)
    return PixelStatistics(
        _sharpness(luma), float(luma.mean()), float(luma.std()), _colourfulness(picture)
    )


def _sharpness(luma: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    if min(luma.shape) < 3:
        return 0.0
    centre = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((around - 4 * centre).var(dtype=np.float64))


def _colourfulness(picture: Image.Image) -> float:
    red, green, blue = np.moveaxis(np.asarray(picture.convert("RGB"), dtype=np.float32), -1, 0)
    opponents = red - green, (red + green) / 2 - blue
    spread = math.hypot(*(float(each.std(dtype=np.float64)) for each in opponents))
    shift = math.hypot(*(float(each.mean(dtype=np.float64)) for each in opponents))
    return spread + 0.3 * shift
