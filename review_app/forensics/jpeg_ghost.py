"""JPEG ghosts: H. Farid (2009), "Exposing digital forgeries from JPEG ghosts", IEEE TIFS 4(1).

A part that was once saved at quality q changes least when it is saved at q again.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.forensics.planes import LARGEST_SIDE, Plane, block_means, grey, luma

QUALITIES = tuple(range(40, 95, 5))
"""The qualities of the earlier save that is looked for. Above, a save leaves too little to find
again."""
BLOCK = 16
"""Pixels: differences are averaged over blocks of 16 × 16, as in the paper."""
_FLOOR = 1e-3
"""Grey levels squared: what does not change at any quality has no ghost."""


def jpeg_ghost(image: Image.Image) -> Image.Image:
    """The difference map of the quality whose map falls into two groups most clearly.

    RGB in; grey out, one value a block, drawn at ``image``'s size or at the bound: 0 (black) where
    no other quality fits the block better, 255 where none fits worse.
    """
    _, found = clearest(differences(image))
    scale = min(1.0, LARGEST_SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Blocks at the right and bottom edge may reach beyond the image.
    box = (0, 0, image.width / BLOCK, image.height / BLOCK)
    return grey(255 * found).resize(size, Image.Resampling.NEAREST, box=box)


def differences(image: Image.Image) -> NDArray[np.float32]:
    """d(x, y, q) of the paper's eq. 4, in [0, 1], [len(QUALITIES), block rows, block columns].

    The mean squared difference of luma from its JPEG of quality q, over blocks, scaled for each
    block to 0 at its least and 1 at its greatest over all qualities. Luma alone: colour is most
    often stored at half size, which would hide the ghost.
    """
    values, picture = luma(image), image.convert("L")
    raw = np.stack([_changes(values, picture, quality) for quality in QUALITIES])
    least, greatest = raw.min(axis=0), raw.max(axis=0)
    scaled: NDArray[np.float32] = (raw - least) / np.maximum(greatest - least, _FLOOR)
    return scaled


def clearest(maps: NDArray[np.float32]) -> tuple[int, Plane]:
    """Quality and map of the greatest variance between two groups (N. Otsu, 1979), [rows, columns]:
    where one part alone has a ghost, it is dark and the rest is not."""
    best = max(range(len(maps)), key=lambda i: _between(maps[i]))
    return QUALITIES[best], maps[best]


def _changes(values: Plane, picture: Image.Image, quality: int) -> Plane:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    with Image.open(buffer) as again:
        changed = np.asarray(again, dtype=np.float32) - values
    return block_means(changed * changed, BLOCK)


def _between(values: Plane) -> float:
    """The greatest variance between the groups below and above a threshold."""
    counts, edges = np.histogram(values, bins=64, range=(0.0, 1.0))
    centres = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1] / values.size
    sums = np.cumsum(counts * centres)
    mean = sums[-1] / values.size
    weight = below * (1 - below)
    gap = mean * below - sums[:-1] / values.size
    return float(np.max(np.divide(gap * gap, weight, out=np.zeros_like(gap), where=weight > 0)))
