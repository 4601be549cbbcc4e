"""Co-occurrences of truncated residuals (spatial rich model, Fridrich & Kodovský 2012)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from review_app.detector.backbones.forensic.moments import Numbers, Plane
from review_app.detector.backbones.forensic.residuals import (
    first_order,
    second_order,
    square_3x3,
    square_5x5,
    third_order,
)

_T = 2
_LEVELS = 2 * _T + 1
_ORDER = 4

_Directed = Callable[[Plane, int], Plane]
_DIRECTED: tuple[tuple[_Directed, float], ...] = (
    (first_order, 1.0),
    (second_order, 2.0),
    (third_order, 3.0),
)
"""Filters along an axis, each with its quantisation step (the size of its largest weight)."""
_SQUARE: tuple[tuple[Callable[[Plane], Plane], float], ...] = (
    (square_3x3, 4.0),
    (square_5x5, 12.0),
)


def _symmetries() -> NDArray[np.intp]:
    """Class of each of 625 runs of four levels: a run, its negative and their mirrors are one."""
    codes = np.arange(_LEVELS**_ORDER).reshape((_LEVELS,) * _ORDER)
    mirror = codes.transpose()
    negative = codes[::-1, ::-1, ::-1, ::-1]
    smallest = np.minimum.reduce([codes, mirror, negative, negative.transpose()])
    return np.unique(smallest, return_inverse=True)[1].reshape(-1)


_CLASS = _symmetries()
CLASSES = int(_CLASS.max()) + 1
"""169 kinds of runs."""
WIDTH = CLASSES * (2 * len(_DIRECTED) + len(_SQUARE))


def cooccurrences(luma: Plane) -> Numbers:
    """Square roots of the shares of each kind of run of four residuals, [WIDTH].

    For the directed filters, runs along the filter and across it apart, both directions together.
    Square roots, because they spread all shares alike: a linear head then measures Hellinger's
    distance.
    """
    parts: list[Numbers] = []
    for directed, step in _DIRECTED:
        levels = [_quantised(directed(luma, axis), step) for axis in (0, 1)]
        parts.append(_shares((levels[0], 0), (levels[1], 1)))
        parts.append(_shares((levels[0], 1), (levels[1], 0)))
    for square, step in _SQUARE:
        level = _quantised(square(luma), step)
        parts.append(_shares((level, 0), (level, 1)))
    return np.concatenate(parts)


def _quantised(residual: Plane, step: float) -> NDArray[np.int16]:
    """Levels 0 to 4; 2 is a residual of nothing."""
    levels = np.clip(np.rint(residual / np.float32(step)), -_T, _T) + _T
    whole: NDArray[np.int16] = levels.astype(np.int16)
    return whole


def _shares(*scans: tuple[NDArray[np.int16], int]) -> Numbers:
    counts = sum((_runs(levels, axis) for levels, axis in scans), np.zeros(_LEVELS**_ORDER))
    classes = np.bincount(_CLASS, weights=counts, minlength=CLASSES)
    shares: Numbers = np.sqrt(classes / max(classes.sum(), 1)).astype(np.float32)
    return shares


def _runs(levels: NDArray[np.int16], axis: int) -> NDArray[np.float64]:
    """How often each run of four levels occurs along ``axis``, [625]."""
    along = levels if axis == 0 else levels.T
    n = len(along) - _ORDER + 1
    code = along[:n].copy()
    for shift in range(1, _ORDER):
        code *= _LEVELS
        code += along[shift : shift + n]
    return np.bincount(code.reshape(-1), minlength=_LEVELS**_ORDER).astype(np.float64)
