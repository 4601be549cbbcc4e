"""An image in the detail that tells a copy from another image of the same layout.

A hash of 64 bits knows the layout of an image and little more, so two posts of one site have nearly
the same. What is kept of one of them (`descriptors`) is therefore laid onto the other, wherever a
slight crop of either would have put it, until it fits best: Gauss-Newton steps move the four edges,
and brightness and contrast with them (B. Lucas and T. Kanade, 1981). Then the two are compared
block by block, and in a copy nearly every block that shows something shows the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.copies.descriptors import (
    MIDDLE,
    THUMB,
    Floats,
    Words,
    middle_hashes,
    middles,
    samplers_after,
    unit,
)
from review_app.copies.regions import SIDE, Grey, whole

FINE: Final = 512
"""Pixels of each side of a look: fine enough that middles can be cut out of it anywhere."""
_CROP: Final = 0.035
_CROPS: Final = (
    (0.0, 0.0),
    (_CROP, 0.0),
    (0.0, _CROP),
    (-_CROP, 0.0),
    (0.0, -_CROP),
    (_CROP, _CROP),
    (-_CROP, -_CROP),
)
_ENDS: Final = (-0.05, -0.025, 0.0, 0.025, 0.05)
_STEPS: Final = tuple(product(_ENDS, _ENDS))
_STARTS: Final = 8
_KEPT_STARTS: Final = 3
"""This many of them are followed to the end."""
_APART: Final = 0.03
"""Two windows that differ by this much are worth a start each."""
_HOPELESS: Final = 10.0
"""`Fit.rest` after the first steps beyond which nothing comes of the others: twice that of any copy
it was chosen on (docs/method.md). Most pairs of aligned faces have more."""
_REACH: Final = 0.1
"""An edge of the window may lie this far beside the image's own."""

Doubles = NDArray[np.float64]
Window = Doubles
"""[4]: first and last row, first and last column of where the whole of the other image lies, as
shares of this one's sides."""


class Fit(NamedTuple):
    """The way in which the middle of another image lies on this one."""

    window: Window
    rest: float
    """What is left over at the worst cell, beside what its neighbours differ by: below 1 where
    both are the same to a few grey levels."""
    error: float
    """What is left over in all, in grey levels."""


class Look:
    """One image, whole: `FINE` by `FINE` grey levels, and how many pixels it really has."""

    def __init__(self, grey: Grey, shortest: int) -> None:
        self.shortest = shortest
        """Pixels of its shorter side."""
        self._grey = grey

    @classmethod
    def of(cls, image: Image.Image) -> Look:
        """The look of ``image``."""
        return cls(whole(image, FINE), min(image.size))

    def is_same(self, other: Look) -> bool:
        """Whether no pixel of either differs."""
        return np.array_equal(self._grey, other._grey)

    @cached_property
    def hashes(self) -> Words:
        """Hashes of where the middle of a copy may be, [crops]."""
        return middle_hashes(self._small, _HASHED)

    @cached_property
    def windows(self) -> Floats:
        """The places where the middle of a copy may be, more finely: unit vectors [crops, THUMB *
        THUMB]."""
        return middles(self._small, _FITTED)

    def lies_apart(self, thumb: Floats) -> bool:
        """Whether the middle ``thumb`` [THUMB, THUMB] of another image is so far from this one, a
        few steps after the most similar window, that no more of them would make it fit."""
        at = int(np.argmax(self.windows @ unit(thumb[None])[0]))
        wanted = thumb.astype(np.float64)
        return self._fitted(wanted, self._rough(wanted, _WINDOWS[at])).rest > _HOPELESS

    def fit(self, thumb: Floats) -> Fit:
        """Lay the middle ``thumb`` [THUMB, THUMB] of another image onto this one."""
        likeness = self.windows @ unit(thumb[None])[0]
        starts: list[Window] = [_WHOLE]
        for at in np.argsort(-likeness)[:60]:
            window = _WINDOWS[at]
            if all(np.abs(window - other).max() > _APART for other in starts):
                starts.append(window)
            if len(starts) == _STARTS:
                break
        wanted = thumb.astype(np.float64)
        rough = [self._fitted(wanted, self._rough(wanted, at)) for at in starts]
        best = sorted(rough, key=lambda fit: fit.error)[:_KEPT_STARTS]
        found = [self._fitted(wanted, self._moved(wanted, at.window, _SHARP, 8)) for at in best]
        return min(found, key=lambda fit: fit.error)

    def cells(self, window: Window, n: int) -> Doubles:
        """Means of ``n`` by ``n`` equal cells of ``window``; 0 for what lies outside."""
        means: Doubles = self._cells(window[None], n)[0]
        return means

    def _cells(self, windows: Doubles, n: int) -> Doubles:
        """The `cells` of each of ``windows`` [k, 4]: [k, n, n]. Together, as each call of NumPy
        costs as much as a window."""
        edges = np.linspace(windows[:, ::2], windows[:, 1::2], n + 1, axis=1) * FINE
        edges = np.clip(edges, 0, FINE)
        low = np.minimum(edges.astype(np.int64), FINE - 1)
        rest = edges - low
        y, x = rest[:, :, :1], rest[:, None, :, 1]
        # Of a row of sums, only what is wanted of it: far less than its pixels.
        columns = np.concatenate([low[:, :, 1], low[:, :, 1] + 1], axis=1)
        places = low[:, :, :1] * (FINE + 1) + columns[:, None]
        above = self._sums.ravel()
        rows = above.take(places) * (1 - y)
        rows += above[FINE + 1 :].take(places) * y
        corners = rows[:, :, : n + 1] * (1 - x) + rows[:, :, n + 1 :] * x
        sizes = np.maximum(edges[:, 1:] - edges[:, :-1], 1e-6)
        sums = corners[:, 1:] - corners[:, :-1]
        means: Doubles = sums[:, :, 1:] - sums[:, :, :-1]
        means /= sizes[:, :, :1]
        means /= sizes[:, None, :, 1]
        return means

    def move(self, wanted: Doubles, window: Window, steps: int) -> Window:
        """``window``, moved until its cells fit ``wanted`` [n, n] better."""
        n = len(wanted)
        inside = np.outer(*(_inside(a, b, n) for a, b in window.reshape(2, 2)))
        return _gauss_newton(
            lambda windows: self._cells(windows, n)[:, inside], wanted[inside], window, steps
        )

    def _rough(self, wanted: Doubles, window: Window) -> Window:
        return self._moved(wanted, window, _BLUR, 4)

    def _moved(self, wanted: Doubles, window: Window, blur: Doubles, steps: int) -> Window:
        def middles(windows: Doubles) -> Doubles:
            return (blur @ self._middles(windows) @ blur.T).reshape(len(windows), -1)

        return _gauss_newton(middles, (blur @ wanted @ blur.T).ravel(), window, steps)

    def _middles(self, windows: Doubles) -> Doubles:
        """The middles as `descriptors.describe` would have kept them, had each of ``windows``
        [k, 4] been an image: [k, THUMB, THUMB]."""
        middles: Doubles = _KEPT @ self._cells(windows, SIDE) @ _KEPT.T
        return middles

    def _fitted(self, wanted: Doubles, window: Window) -> Fit:
        middle = self._middles(window[None])[0]
        gain, offset = np.polyfit(middle.ravel(), wanted.ravel(), 1)
        middle = gain * middle + offset
        left = np.abs(wanted - middle)
        slope = np.maximum(_slope(middle), _slope(wanted))
        return Fit(window, float((left / (2 + 0.2 * slope)).max()), float(left.mean()))

    @cached_property
    def _sums(self) -> Doubles:
        """The sums of all pixels above and left of each corner, [FINE + 1, FINE + 1]."""
        sums = np.zeros((FINE + 1, FINE + 1))
        sums[1:, 1:] = self._grey.cumsum(0, dtype=np.float64).cumsum(1)
        return sums

    @cached_property
    def _small(self) -> Floats:
        part = FINE // SIDE
        blocks = self._grey.reshape(SIDE, part, SIDE, part)
        small: Floats = blocks.mean((1, 3), dtype=np.float32)
        return small


def _gauss_newton(
    of: Callable[[Doubles], Doubles], wanted: Doubles, window: Window, steps: int
) -> Window:
    """``window``, moved to where ``of`` it is nearest to a multiple of ``wanted`` [n] plus a
    constant. ``of``: windows [k, 4] to what is compared, [k, n]."""
    for _ in range(steps):
        here, *there = of(np.concatenate([window[None], window + _NUDGES]))
        slopes = [
            (more - less) / (2 * _NUDGE) for more, less in zip(there[::2], there[1::2], strict=True)
        ]
        a = np.stack([here, np.ones_like(wanted), *slopes], axis=1)
        found = np.linalg.lstsq(a.T @ a, a.T @ wanted, rcond=None)[0]
        step = np.clip(found[2:] / max(found[0], 0.2), -_FAR, _FAR)
        window = np.clip(window + step, _WHOLE - _REACH, _WHOLE + _REACH)
        if np.abs(step).max() < _NEAR:
            break
    return window


def _inside(start: float, end: float, n: int) -> NDArray[np.bool_]:
    """Which of ``n`` equal parts of a row between two shares of it lie within it."""
    edges = np.linspace(start, end, n + 1)
    found: NDArray[np.bool_] = (edges[:-1] >= 0) & (edges[1:] <= 1)
    return found


def _slope(cells: Doubles) -> Doubles:
    """The most by which each cell differs from its neighbours."""
    padded = np.pad(cells, 1, mode="edge")
    middle = padded[1:-1, 1:-1]
    others = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    slope: Doubles = np.max([np.abs(middle - other) for other in others], axis=0)
    return slope


_NUDGE: Final = 0.002
_NUDGES: Final = np.kron(np.eye(4), [[_NUDGE], [-_NUDGE]])
"""Each edge there and back: [8, 4]."""
_FAR: Final = 0.02
"""An edge moves at most so far in one step."""
_NEAR: Final = 2e-4
_WHOLE: Final = np.array([0.0, 1.0, 0.0, 1.0])
_KEPT: Final = MIDDLE.astype(np.float64)
_SHARP: Final = np.eye(THUMB)
_BLUR: Final = (np.eye(THUMB) * 2 + np.eye(THUMB, k=1) + np.eye(THUMB, k=-1)) / 4
_HASHED: Final = samplers_after(_CROPS)
_FITTED: Final = samplers_after(_STEPS)
_WINDOWS: Final = np.array(
    [
        (-a / (1 - a - b), 1 + b / (1 - a - b), -c / (1 - c - d), 1 + d / (1 - c - d))
        for (a, b), (c, d) in product(_STEPS, _STEPS)
    ]
)
"""The window that each of `Look.windows` stands for."""
