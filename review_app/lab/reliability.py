"""Calibration of P(fake): its error, and what a perfectly calibrated model would show by chance.

An expected calibration error is never 0 on a finite sample, even where the probabilities are
right. The consistency band says how large it is then (Bröcker & Smith 2007, "Increasing the
reliability of reliability diagrams").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Labels, Weights
from review_app.lab.resampling import SAMPLES, Ranked, Ranking, interval
from review_app.lab.weighed import bins_of_equal_mass, calibration_errors_by_mass

_BINS = 10
_BLOCK = 2_000_000

Float64 = NDArray[np.float64]


def expected_calibration_error(p_fake: Float64, is_fake: Labels, weights: Weights = None) -> float:
    """ECE of P(fake) over ten bins of equal mass (Nixon et al. 2019): mean |p - rate| over bins.

    Images of one and the same p share a bin's mass evenly instead of being sorted by chance.
    """
    if weights is not None:
        ranked = Ranking(p_fake).of(weights[None])
        return float(calibration_errors_by_mass(ranked, p_fake - is_fake)[0])
    ranked = Ranking(p_fake).of(np.ones((1, len(p_fake))))
    return float(calibration_errors(ranked, p_fake, is_fake)[0])


def calibration_errors(ranked: Ranked, p_fake: Float64, is_fake: Labels) -> Float64:
    """:func:`expected_calibration_error` of resamples that are ranked by p_fake, [rows]."""
    n = len(p_fake)
    gaps = np.add.reduceat(ranked.spread(p_fake - is_fake), _starts(n), axis=1)
    errors: Float64 = np.abs(gaps).sum(axis=1) / n
    return errors


def consistency_band(
    p_fake: Float64, *, seed: int, samples: int = SAMPLES, weights: Weights = None
) -> list[float]:
    """The 95% range [low, high] of the ECE that these p show where they are exactly right.

    Labels are drawn from p ``samples`` times; an ECE inside the range is compatible with perfect
    calibration, one above it is not.
    """
    if weights is None:
        gaps = _gaps_if_calibrated(p_fake, seed, samples)
        errors = np.abs(gaps).sum(axis=1) / len(p_fake)
    else:
        errors = _errors_if_calibrated(p_fake, seed, samples, weights)
    return interval(errors) or [0.0, 0.0]


def reliability_bins(
    p_fake: Float64,
    is_fake: Labels,
    *,
    seed: int,
    samples: int = SAMPLES,
    weights: Weights = None,
) -> list[dict[str, Any]]:
    """The reliability diagram: for each bin of equal mass n, mean p_fake and the rate of fakes.

    ``band`` is the 95% range of that rate for a perfectly calibrated model (a consistency bar).
    """
    n = len(p_fake)
    starts = _starts(n)
    sizes = np.diff([*starts, n])
    if weights is None:
        ranked = Ranking(p_fake).of(np.ones((1, n)))
        means = np.add.reduceat(np.sort(p_fake), starts) / sizes
        rates = np.add.reduceat(ranked.spread(is_fake)[0], starts) / sizes
        drawn = means - _gaps_if_calibrated(p_fake, seed, samples) / sizes
    else:
        means, rates, drawn = _rates_by_mass(p_fake, is_fake, seed, samples, weights)
        sizes = np.bincount(_bin_by_mass(p_fake, weights), minlength=len(means))
        starts = np.arange(len(means))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return [
        {
            "n": int(sizes[at]),
            "p_fake": float(means[at]),
            "rate": float(rates[at]),
            "band": [max(float(low[at]), 0.0), min(float(high[at]), 1.0)],
        }
        for at in range(len(starts))
    ]


def _errors_if_calibrated(p_fake: Float64, seed: int, samples: int, weights: Float64) -> Float64:
    ranked = Ranking(p_fake).of(weights[None])
    drawn = p_fake - _labels_if_calibrated(p_fake, seed, samples)
    return calibration_errors_by_mass(ranked, drawn)


def _rates_by_mass(
    p_fake: Float64, is_fake: Labels, seed: int, samples: int, weights: Float64
) -> tuple[Float64, Float64, Float64]:
    """The mean P(fake) of each bin, the rate of fakes, and rates drawn from P(fake)."""
    ranked = Ranking(p_fake).of(weights[None])
    values = np.vstack([p_fake, is_fake, _labels_if_calibrated(p_fake, seed, samples)])
    mass, sums = bins_of_equal_mass(ranked, values)
    means, rates, *drawn = sums / mass
    return means, rates, np.array(drawn)


def _labels_if_calibrated(p_fake: Float64, seed: int, samples: int) -> Float64:
    drawn = np.random.default_rng(seed).random((samples, len(p_fake))) < p_fake
    return drawn.astype(np.float64)


def _bin_by_mass(p_fake: Float64, weights: Float64) -> NDArray[np.intp]:
    """The bin in which the middle of each image's mass lies, [n]."""
    order = np.argsort(p_fake, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2
    bins: NDArray[np.intp] = (_BINS * middle / weights.sum()).astype(np.intp)
    return np.minimum(bins, _BINS - 1)


def _gaps_if_calibrated(p_fake: Float64, seed: int, samples: int) -> Float64:
    """Sum of p - label in each bin, with labels drawn from p: [samples, bins]."""
    rng = np.random.default_rng(seed)
    ordered = np.sort(p_fake)
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff([*first, len(ordered)])
    rows = max(1, _BLOCK // len(ordered))
    parts = []
    for start in range(0, samples, rows):
        drawn = ordered - (rng.random((min(rows, samples - start), len(ordered))) < ordered)
        if len(first) < len(ordered):
            drawn = np.repeat(np.add.reduceat(drawn, first, axis=1) / sizes, sizes, axis=1)
        parts.append(np.add.reduceat(drawn, _starts(len(ordered)), axis=1))
    gaps: Float64 = np.concatenate(parts)
    return gaps


def _starts(n: int) -> NDArray[np.intp]:
    """The first image of each bin among n sorted images: the sizes of np.array_split, empty bins
    left out."""
    bins = min(_BINS, n)
    size, rest = divmod(n, bins)
    return np.cumsum([0] + [size + 1] * rest + [size] * (bins - rest - 1))
