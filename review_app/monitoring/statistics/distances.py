"""How far the distribution of one number has moved from a reference sample."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import InputError
from review_app.core.special import kolmogorov, ndtr

Floats = NDArray[np.float64]

BINS: Final = 10
"""The bins of the population stability index, each with a tenth of the reference."""
_HALF: Final = 0.5


class Distance(NamedTuple):
    """A statistic, and the probability of one as large without any drift."""

    statistic: float
    p: float


def kolmogorov_smirnov(reference: ArrayLike, recent: ArrayLike) -> Distance:
    """The two-sample Kolmogorov-Smirnov test of ``reference`` [m] against ``recent`` [n].

    The statistic is the largest distance of the two distribution functions, in [0, 1]. p is that
    of Kolmogorov's limit, which errs to the safe side in small samples and with equal values.

    Raises:
        InputError: a sample is empty.
    """
    first, second = (np.sort(_sample(values)) for values in (reference, recent))
    points = np.concatenate([first, second])
    apart = np.abs(_share_up_to(first, points) - _share_up_to(second, points)).max()
    scale = math.sqrt(first.size * second.size / (first.size + second.size))
    return Distance(float(apart), float(kolmogorov(scale * apart)))


def mann_whitney(reference: ArrayLike, recent: ArrayLike) -> Distance:
    """The one-sided Mann-Whitney test of ``recent`` [n] being above ``reference`` [m].

    The statistic is the probability that a recent value is above one of the reference, ties
    counting half (the AUROC). p is by the normal limit with correction for ties and continuity.

    Raises:
        InputError: a sample is empty.
    """
    first, second = _sample(reference), _sample(recent)
    m, n = first.size, second.size
    ranks, ties = _ranks(np.concatenate([first, second]))
    above = float(ranks[m:].sum()) - n * (n + 1) / 2
    total = m + n
    lost = float((ties.astype(np.float64) ** 3 - ties).sum()) / (total * max(total - 1, 1))
    spread = math.sqrt(max(m * n / 12 * (total + 1 - lost), 0.0))
    if spread == 0:
        return Distance(above / (m * n), 1.0)
    return Distance(above / (m * n), float(ndtr(-(above - m * n / 2 - _HALF) / spread)))


def stability_index(reference: ArrayLike, recent: ArrayLike) -> float:
    """The population stability index, sum of (q - p) ln(q / p) over `BINS` of the reference.

    p and q are the shares of the two samples in a bin, half an image added to each, so that empty
    bins stay finite. By custom, 0.1 is worth a look and 0.25 a change; `expected_index` says what
    chance alone gives.

    Raises:
        InputError: a sample is empty.
    """
    first, second = _sample(reference), _sample(recent)
    edges = np.unique(np.quantile(first, np.linspace(0, 1, BINS + 1)[1:-1]))
    p, q = (_shares(values, edges) for values in (first, second))
    return float(((q - p) * np.log(q / p)).sum())


def expected_index(reference: int, recent: int, bins: int = BINS) -> float:
    """The `stability_index` that two samples of these sizes have on average without any drift."""
    return (bins - 1) * (1 / reference + 1 / recent)


def _ranks(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Ranks from 1, of equal values the mean [n]; and how many there are of each value. scipy has
    this in a module that holds 40 MB."""
    _, of_value, ties = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(ties) - (ties - 1) / 2
    return ranks[of_value], ties


def _shares(values: Floats, edges: Floats) -> Floats:
    counts = np.bincount(np.searchsorted(edges, values), minlength=edges.size + 1) + _HALF
    return np.asarray(counts / counts.sum(), np.float64)


def _share_up_to(ordered: Floats, points: Floats) -> Floats:
    return np.asarray(np.searchsorted(ordered, points, side="right") / ordered.size, np.float64)


def _sample(values: ArrayLike) -> Floats:
    found = np.asarray(values, np.float64)
    if found.ndim != 1 or not found.size:
        raise InputError("A sample of at least one value is needed.")
    return found
