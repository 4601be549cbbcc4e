"""Occlusion tells where a detector looks; it needs no gradient and no knowledge of the network.

M. Zeiler and R. Fergus (2014), "Visualizing and understanding convolutional networks", ECCV, 4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat

PATCHES = 64
"""About as many patches as an image is divided into."""
_SHORTEST = 512
"""Pixels: an image whose shorter side is twice as long or more is reduced first, for speed."""
_AT_ONCE = 8
"""Copies of the image that are held at a time."""
_SURE = 1e-6
"""Log odds end here."""

Box = tuple[int, int, int, int]
PFake = Callable[[Sequence[Image.Image]], NDArray[np.float64]]
"""P(fake) of images, [n]."""


def occlusion(p_fake: PFake, image: Image.Image) -> NDArray[np.float64]:
    """The fall of the log odds of fake when a patch is hidden, [rows, columns].

    Positive where the patch speaks for fake. A patch is hidden under the image's mean colour; about
    ``PATCHES`` nearly square patches cover the image (RGB).
    """
    image = image.reduce(max(1, min(image.size) // _SHORTEST))
    rows, columns = grid(*image.size)
    red, green, blue = (round(value) for value in ImageStat.Stat(image).mean)
    mean = (red, green, blue)
    boxes = [_box(image, i, j, rows, columns) for i in range(rows) for j in range(columns)]
    hidden = np.concatenate(
        [
            p_fake([_without(image, box, mean) for box in boxes[start : start + _AT_ONCE]])
            for start in range(0, len(boxes), _AT_ONCE)
        ]
    )
    change: NDArray[np.float64] = _log_odds(p_fake([image])) - _log_odds(hidden)
    return change.reshape(rows, columns)


def grid(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of patches: about ``PATCHES``, nearly square, none below a pixel."""
    side = max((width * height / PATCHES) ** 0.5, 1.0)
    rows, columns = (max(1, min(PATCHES, round(length / side))) for length in (height, width))
    return rows, columns


def _box(image: Image.Image, row: int, column: int, rows: int, columns: int) -> Box:
    return (
        image.width * column // columns,
        image.height * row // rows,
        image.width * (column + 1) // columns,
        image.height * (row + 1) // rows,
    )


def _without(image: Image.Image, box: Box, colour: tuple[int, int, int]) -> Image.Image:
    copy = image.copy()
    copy.paste(colour, box)
    return copy


def _log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(p, _SURE, 1 - _SURE)
    odds: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return odds
