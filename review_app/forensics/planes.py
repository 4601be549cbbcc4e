"""Pictures become arrays and arrays pictures here, for all views."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LARGEST_SIDE = 2048
"""Pixels; a view of a larger image is averaged down to this."""

Plane = NDArray[np.float32]
"""One channel, [height, width]."""


def luma(image: Image.Image) -> Plane:
    """Y of BT.601 as JPEG uses it, 0 to 255."""
    return np.asarray(image.convert("L"), dtype=np.float32)


def bounded(image: Image.Image) -> Image.Image:
    """``image``, its larger side at most ``LARGEST_SIDE``: whole blocks of pixels averaged."""
    factor = -(-max(image.size) // LARGEST_SIDE)
    return image.reduce(factor) if factor > 1 else image


def grey(values: Plane) -> Image.Image:
    """A grey picture of ``values``, clipped to 0..255."""
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def block_means(values: Plane, side: int) -> Plane:
    """Means of whole blocks of ``side`` × ``side``; what is left at right and bottom is padded with
    its own edge. Shape [ceil(h / side), ceil(w / side)]."""
    height, width = values.shape
    padded = np.pad(values, ((0, -height % side), (0, -width % side)), mode="edge")
    rows, columns = (length // side for length in padded.shape)
    means: Plane = padded.reshape(rows, side, columns, side).mean(axis=(1, 3))
    return means
