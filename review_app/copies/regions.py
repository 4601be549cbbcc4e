"""Regions of a picture that may be pictures of their own: all of it, and blocks that plain margins
part off.

A screenshot shows the image amid bars and margins, and a saved one may have a border. Such blocks
are found as page layouts are: by cutting at plain rows and columns, again and again (G. Nagy and
S. Seth, 1984, "Hierarchical representation of optically scanned documents", ICPR).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE: Final = 64
"""Pixels of each side of a region, whatever its shape was: copies may be stretched."""
MAX_REGIONS: Final = 5
"""Regions of one picture, the whole one among them: its largest blocks."""
_LOOKED_AT: Final = 256
"""Pixels of the larger side of the picture in which blocks are looked for."""
_PLAIN: Final = 14.0
"""Grey levels by which the pixels of a margin's row or column differ at most, bar a few."""
_SHORTEST: Final = 0.15
"""Share of the picture's side that a block has at least."""
_DEPTH: Final = 8

Grey = NDArray[np.uint8]
"""[SIDE, SIDE], luminance."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the picture."""
_WHOLE: Final[Box] = (0.0, 0.0, 1.0, 1.0)


def regions(image: Image.Image) -> list[Grey]:
    """The whole of ``image`` first, then its largest blocks, without those that are nearly all."""
    grey = image.convert("L")
    boxes = [box for box in _blocks(grey) if _area(box) < 0.97]
    boxes = sorted(set(boxes), key=_area, reverse=True)[: MAX_REGIONS - 1]
    return [_square(grey, box) for box in [_WHOLE, *boxes]]


def whole(image: Image.Image, side: int = SIDE) -> Grey:
    """The whole of ``image``, [side, side]."""
    return _square(image.convert("L"), _WHOLE, side)


def _square(grey: Image.Image, box: Box, side: int = SIDE) -> Grey:
    width, height = grey.size
    pixels = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    small = min(pixels[2] - pixels[0], pixels[3] - pixels[1]) < side
    how = Image.Resampling.BICUBIC if small else Image.Resampling.BOX
    return np.asarray(grey.resize((side, side), how, box=pixels), np.uint8)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _blocks(grey: Image.Image) -> list[Box]:
    scale = _LOOKED_AT / max(grey.size)
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    pixels = np.asarray(grey.resize(size, Image.Resampling.BOX), np.float32)
    rows, columns = pixels.shape
    found: list[tuple[int, int, int, int]] = []
    _cut(pixels, (0, 0, columns, rows), _DEPTH, found)
    return [
        (left / columns, top / rows, right / columns, bottom / rows)
        for left, top, right, bottom in found
        if right - left >= _SHORTEST * columns and bottom - top >= _SHORTEST * rows
    ]


def _cut(
    pixels: NDArray[np.float32],
    box: tuple[int, int, int, int],
    depth: int,
    found: list[tuple[int, int, int, int]],
) -> None:
    """Add to ``found`` the blocks that margins part ``box`` into, and those that these are parted
    into: what looks like a margin may be a part of the image that is as plain."""
    left, top, right, bottom = box
    part = pixels[top:bottom, left:right]
    if not depth or min(part.shape) < 2:
        return
    shades = _shades(part)
    for first, last in _runs(part, shades):
        for start, end in _runs(part.T, shades):
            inner = (left + start, top + first, left + end, top + last)
            if inner != box and _is_large(inner, pixels.shape):
                found.append(inner)
                _cut(pixels, inner, depth - 1, found)


def _is_large(box: tuple[int, int, int, int], shape: tuple[int, ...]) -> bool:
    rows, columns = shape
    return box[2] - box[0] >= _SHORTEST * columns and box[3] - box[1] >= _SHORTEST * rows


def _shades(part: NDArray[np.float32]) -> NDArray[np.float32]:
    """The grey levels of the sides that are of one: of what may be margins."""
    sides = (part[0], part[-1], part[:, 0], part[:, -1])
    plain = [side for side in sides if _spread(side[None])[0] <= _PLAIN]
    return np.array([np.median(side) for side in plain], np.float32)


def _spread(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = np.percentile(lines, (2, 98), axis=1)
    spread: NDArray[np.float32] = high - low
    return spread


def _runs(part: NDArray[np.float32], shades: NDArray[np.float32]) -> list[tuple[int, int]]:
    """The runs of rows that are no margin: first and one after last."""
    middles = np.median(part, axis=1, keepdims=True)
    is_shade = (np.abs(middles - shades) <= _PLAIN / 2).any(1)
    busy = ~is_shade | (_spread(part) > _PLAIN)
    edges = np.diff(np.concatenate([[0], busy.astype(np.int8), [0]]))
    firsts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return list(zip(firsts.tolist(), ends.tolist(), strict=True))
