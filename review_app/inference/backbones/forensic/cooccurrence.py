"""Co-occurrences of truncated residuals (spatial rich model, Fridrich & Kodovský 2012)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from review_app.inference.backbones.forensic.moments import Numbers, Plane
from review_app.inference.backbones.forensic.residuals import first_order

_T = 2
_LEVELS = 2 * _T + 1
_ORDER = 4

_LUMA = ((1, 1.0), (2, 2.0), (3, 3.0))
"""Orders of the filters along an axis, each with its quantisation step (its largest weight)."""
_CHROMA = ((1, 0.5), (2, 0.5))
"""Chroma varies less than luma, and its steps are finer."""

Levels = NDArray[np.int8]
"""Quantised residuals, 0 to 4; 2 is a residual of nothing."""


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
    for down, across in zip(*(_levels(luma, axis, _LUMA) for axis in (0, 1)), strict=True):
        parts.append(_shares((down, 0), (across, 1)))
        parts.append(_shares((down, 1), (across, 0)))
    return np.concatenate(parts)


def chroma_cooccurrences(cb: Plane, cr: Plane) -> Numbers:
    """Runs of four residuals along each filter, both planes together, [CHROMA_WIDTH].

    Generators leave more traces in chroma than in luma: Li et al. (2020), "Identification of deep
    network generated images using disparities in color components".
    """
    scans = [(x, axis) for x in (cb, cr) for axis in (0, 1)]
    filters = zip(*(_levels(x, axis, _CHROMA) for x, axis in scans), strict=True)
    return np.concatenate(
        [_shares(*((levels, axis) for levels, (_, axis) in zip(each, scans, strict=True)))
         for each in filters]
    )  # fmt: skip


def _levels(x: Plane, axis: int, filters: Iterable[tuple[int, float]]) -> Iterator[Levels]:
    """The quantised residuals along ``axis`` of each of ``filters``, whose orders are 1, 2, ..."""
    residual = x
    for _, step in filters:
        residual = first_order(residual, axis)
        yield _quantised(residual, step)


def _quantised(residual: Plane, step: float) -> Levels:
    """Multiples of ``step``, ties to the even one, cut off at 2 on either side.

    Four comparisons, whose results are a byte each, cost less than to divide, round, cut off and
    convert. They are exact: the steps are small whole numbers or their halves.
    """
    half, more = np.float32(step / 2), np.float32(1.5 * step)
    levels: Levels = (residual > -more).view(np.int8)
    levels += (residual >= -half).view(np.int8)
    levels += (residual > half).view(np.int8)
    levels += (residual >= more).view(np.int8)
    return levels


def _shares(*scans: tuple[Levels, int]) -> Numbers:
    """Square roots of the shares of each kind of run in all ``scans`` (levels, axis), [CLASSES].

    Square roots, because they spread all shares alike: a linear head then measures Hellinger's
    distance.
    """
    counts = sum((_runs(levels, axis) for levels, axis in scans), np.zeros(_LEVELS**_ORDER))
    classes = np.bincount(_CLASS, weights=counts, minlength=CLASSES)
    shares: Numbers = np.sqrt(classes / max(classes.sum(), 1)).astype(np.float32)
    return shares


def _runs(levels: Levels, axis: int) -> NDArray[np.float64]:
    """How often each run of four levels occurs along ``axis``, [625]."""
    pairs = _joined(levels, axis, 1, np.int8(_LEVELS))
    # Rows stay rows: counts know no order, and memory is read as it lies.
    codes = _joined(pairs.astype(np.int16), axis, 2, np.int16(_LEVELS**2))
    return np.bincount(codes.reshape(-1), minlength=_LEVELS**_ORDER).astype(np.float64)


def _joined(
    codes: NDArray[np.signedinteger], axis: int, apart: int, base: np.integer
) -> NDArray[np.signedinteger]:
    """``base`` times each code and the code that lies ``apart`` further along ``axis``, in the type
    of both."""
    n = codes.shape[axis] - apart
    first, second = (codes[:n], codes[apart:]) if axis == 0 else (codes[:, :n], codes[:, apart:])
    joined: NDArray[np.signedinteger] = first * base
    joined += second
    return joined
