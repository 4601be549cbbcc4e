"""Co-occurrences of truncated residuals (spatial rich model, Fridrich & Kodovský 2012)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from review_app.inference.backbones.forensic.moments import Numbers, Plane
from review_app.inference.backbones.forensic.residuals import (
    first_order,
    second_order,
    third_order,
)

_T = 2
_LEVELS = 2 * _T + 1
_ORDER = 4

_Residual = Callable[[Plane, int], Plane]
_LUMA: tuple[tuple[_Residual, float], ...] = (
    (first_order, 1.0),
    (second_order, 2.0),
    (third_order, 3.0),
)
"""Filters along an axis, each with its quantisation step (the size of its largest weight)."""
_CHROMA: tuple[tuple[_Residual, float], ...] = ((first_order, 0.5), (second_order, 0.5))
"""Chroma varies less than luma, and its steps are finer."""


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
LUMA_WIDTH = CLASSES * 2 * len(_LUMA)
CHROMA_WIDTH = CLASSES * len(_CHROMA)


def luma_cooccurrences(luma: Plane) -> Numbers:
    """Runs of four residuals along each filter, and across it, [LUMA_WIDTH]; see ``_shares``."""
    parts: list[Numbers] = []
    for residual, step in _LUMA:
        levels = [_quantised(residual(luma, axis), step) for axis in (0, 1)]
        parts.append(_shares((levels[0], 0), (levels[1], 1)))
        parts.append(_shares((levels[0], 1), (levels[1], 0)))
    return np.concatenate(parts)


def chroma_cooccurrences(cb: Plane, cr: Plane) -> Numbers:
    """Runs of four residuals along each filter, both planes together, [CHROMA_WIDTH].

    Generators leave more traces in chroma than in luma: Li et al. (2020), "Identification of deep
    network generated images using disparities in color components".
    """
    parts = []
    for residual, step in _CHROMA:
        levels = [(_quantised(residual(x, axis), step), axis) for x in (cb, cr) for axis in (0, 1)]
        parts.append(_shares(*levels))
    return np.concatenate(parts)


def _quantised(residual: Plane, step: float) -> NDArray[np.int16]:
    """Levels 0 to 4; 2 is a residual of nothing."""
    levels = np.clip(np.rint(residual / np.float32(step)), -_T, _T) + _T
    whole: NDArray[np.int16] = levels.astype(np.int16)
    return whole


def _shares(*scans: tuple[NDArray[np.int16], int]) -> Numbers:
    """Square roots of the shares of each kind of run in all ``scans`` (levels, axis), [CLASSES].

    Square roots, because they spread all shares alike: a linear head then measures Hellinger's
    distance.
    """
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
