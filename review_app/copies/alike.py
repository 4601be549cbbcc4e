"""Two images whose hashes are near are compared: copies of each other, or only of one layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from review_app.copies.descriptors import THUMB, Floats, Words, unit
from review_app.copies.look import Doubles, Look, Window
from review_app.copies.search import candidates

K = TypeVar("K")
Thumbs = Callable[[list[K]], Sequence[bytes]]
"""The kept middles of images."""
Looks = Callable[[K], Look | None]
"""The look of an image; None where its file cannot be read."""

_BITS: Final = 12
_MOST: Final = 200
_TRIED: Final = 4
"""This many of the candidates, the most similar ones, are laid onto the image."""
_SIMILAR: Final = 0.5
_REST: Final = 5.0
"""`Fit.rest` up to which a candidate is compared block by block."""
_REST_ALONE: Final = 2.0
"""The same limit where there is nothing else to compare: it is better to take two for copies, which
loses evidence, than to count one image twice."""
_BLOCK: Final = 8
"""Cells of each side of a block."""
_SHOWS: Final = 4.0
"""Grey levels by which a block varies at least, to show anything."""
_SAME: Final = 0.6
"""Correlation from which a block shows the same in both."""
COPY: Final = 0.01
"""Share of blocks that may differ in a copy."""
EDITED: Final = 0.3
"""The same of a photo, of which a part may have been edited."""
_PAPER: Final = 0.2
"""Share of an image in one shade from which it is no photo: what is plain in it is the paper, which
forms and posts have in common however much they differ."""


class AlikeIndex(Generic[K]):
    """An index that finds the earlier image that another is a copy of. Not safe for writers in
    several threads.

    Memory is 8 bytes an image besides its key.
    """

    def __init__(self) -> None:
        self._keys: list[K] = []
        self._hashes: Words = np.empty(1024, np.uint64)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: K, phash: int) -> None:
        """Add the hash of one image's `Descriptor`; amortised constant time."""
        if len(self._keys) == len(self._hashes):
            self._hashes = np.resize(self._hashes, 2 * len(self._hashes))
        self._hashes[len(self._keys)] = phash & 0xFFFF_FFFF_FFFF_FFFF
        self._keys.append(key)

    def find(
        self, hashes: Words, look: Callable[[], Look | None], thumbs: Thumbs[K], looks: Looks[K]
    ) -> K | None:
        """An image that another is a copy of, the most similar one of several.

        The other is known by its `Look.hashes`, and by its ``look`` where those are near.
        """
        rows, _ = candidates(self._hashes[: len(self._keys)], hashes[None], _BITS, _MOST)
        mine = look() if len(rows) else None
        if mine is None:
            return None
        keys: list[K] = [self._keys[row] for row in rows]
        stored = _pixels(thumbs(keys))
        likeness = (unit(stored) @ mine.windows.T).max(1)
        for at in map(int, np.argsort(-likeness, kind="stable")[:_TRIED]):
            if likeness[at] < _SIMILAR:
                break
            if is_copy(mine, stored[at], partial(looks, keys[at])):
                return keys[at]
        return None


def is_copy(look: Look, thumb: Floats, look_of_other: Callable[[], Look | None]) -> bool:
    """Whether ``look`` and an image of which the middle ``thumb`` [THUMB, THUMB] is kept are copies
    of each other. The look of that, None where its file cannot be read any more, is asked for only
    where they may be."""
    if not unit(thumb[None]).any() or look.lies_apart(thumb):
        return False
    other = look_of_other()
    if other is not None and look.is_same(other):
        return True
    fit = look.fit(thumb)
    if other is None:
        return fit.rest <= _REST_ALONE
    return fit.rest <= _REST and differing(look, other, fit.window) <= _allowed(other)


def differing(look: Look, other: Look, window: Window) -> float:
    """The share of the blocks of ``other``, which lies at ``window`` of ``look``, that show
    something else there; 1 where none shows anything."""
    n = _cells(min(look.shortest, other.shortest))
    for size, steps in ((64, 4), (128, 3), (256, 2)):
        if size <= n:
            window = look.move(other.cells(_WHOLE, size), window, steps)
    mine, theirs = look.cells(window, n), other.cells(_WHOLE, n)
    y, x = (_covered(a, b, n) for a, b in window.reshape(2, 2))
    wanted = _blocks(theirs[y, x])
    told = np.maximum(_spread(wanted), _spread(_blocks(mine[y, x]))) > _SHOWS
    same = np.sqrt(_parts(_beyond(mine, theirs)[y, x] ** 2).mean(1)) <= _SHOWS
    for shift in product((-1, 0, 1), repeat=2):
        same |= _agree(wanted, _blocks(np.roll(mine, shift, (0, 1))[y, x]))
    return float((~same[told]).mean()) if told.any() else 1.0


def _agree(one: Doubles, other: Doubles) -> NDArray[np.bool_]:
    """Which blocks show the same, or show nothing in either."""
    spreads = _spread(one), _spread(other)
    larger, smaller = np.maximum(*spreads), np.maximum(np.minimum(*spreads), 1)
    agree: NDArray[np.bool_] = (larger <= _SHOWS) | (
        (one * other).mean(1) >= _SAME * larger * smaller
    )
    return agree


def _allowed(look: Look) -> float:
    shades = np.bincount(look.cells(_WHOLE, 256).astype(np.int64).ravel(), minlength=256)
    largest = np.convolve(shades, np.ones(5), "same").max() / shades.sum()
    return COPY if largest >= _PAPER else EDITED


def _cells(shortest: int) -> int:
    """The number of cells a side in which images of that size are compared: each larger than a
    pixel."""
    return next((n for n in (256, 128) if n <= 0.8 * shortest), 64)


def _covered(start: float, end: float, n: int) -> slice:
    """The whole blocks that lie within a row, of ``n`` equal parts between two shares of it."""
    edges = np.linspace(start, end, n + 1)
    inside = np.flatnonzero((edges[:-1] >= 0) & (edges[1:] <= 1))
    first = int(inside[0])
    return slice(first, first + len(inside) // _BLOCK * _BLOCK)


def _beyond(one: Doubles, other: Doubles) -> Doubles:
    """The distance by which each cell of either lies outside what the other has there and next to
    it: a thin line may lie a cell further on."""
    from scipy.ndimage import maximum_filter, minimum_filter  # slow to import, seldom needed

    beyond = np.zeros_like(one)
    for a, b in ((one, other), (other, one)):
        low, high = minimum_filter(b, 3), maximum_filter(b, 3)
        beyond = np.maximum(beyond, np.maximum(a - high, low - a))
    return beyond


def _parts(cells: Doubles) -> Doubles:
    """The blocks of `_BLOCK` by `_BLOCK` cells each: [blocks, cells]."""
    rows, columns = (n // _BLOCK for n in cells.shape)
    parts = cells.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2)
    blocks: Doubles = parts.reshape(rows * columns, _BLOCK * _BLOCK)
    return blocks


def _blocks(cells: Doubles) -> Doubles:
    """The same blocks, each of mean 0."""
    parts = _parts(cells)
    centred: Doubles = parts - parts.mean(1, keepdims=True)
    return centred


def _spread(blocks: Doubles) -> Doubles:
    spread: Doubles = np.sqrt((blocks**2).mean(1))
    return spread


def _pixels(thumbs: Sequence[bytes]) -> Floats:
    joined: NDArray[np.uint8] = np.frombuffer(b"".join(thumbs), np.uint8)
    return joined.reshape(-1, THUMB, THUMB).astype(np.float32)


_WHOLE: Final[Window] = np.array([0.0, 1.0, 0.0, 1.0])
