"""Two heads are compared on the same images: is one better, or only luckier?

Two AUROCs of the same images are correlated; DeLong et al. 1988 say how much, in the fast form of
Sun & Xu 2014. Every other metric is compared by a paired bootstrap: both heads on the same
resamples. Many pairs are corrected by Holm 1979.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from review_app.core.intervals import ENOUGH_TO_COMPARE
from review_app.core.placements import placements
from review_app.inference.heads.base import Labels
from review_app.lab.resampling import interval

COMPARED = ("aurc", "accuracy", "error_auroc")
"""Metrics that :func:`compare_all` compares by bootstrap, beside the AUROC."""
_Z95 = float(norm.ppf(0.975))

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DeLong:
    """The difference of two AUROCs (first minus second) on the same images."""

    difference: float
    standard_error: float
    z: float | None
    """The statistic; None where the standard error is 0: both scores order every pair alike."""
    p_value: float
    """The two-sided p-value."""
    low: float
    """The normal 95% interval of the difference, within [-1, 1]."""
    high: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """The difference of one metric (first minus second) on the same resamples."""

    difference: float
    p_value: float
    """Two-sided: twice the share of resamples on the other side of 0, (k + 1) / (samples + 1)."""
    low: float
    """95% percentile interval."""
    high: float


def delong(first: Float64, second: Float64, is_fake: Labels) -> DeLong | None:
    """DeLong's test of two scores [n] of the same images; None with fewer than two of a class."""
    positives, negatives = int(is_fake.sum()), int((~is_fake).sum())
    if min(positives, negatives) < 2:
        return None
    parts = [placements(score, is_fake) for score in (first, second)]
    above = np.array([of_positives for of_positives, _ in parts])
    below = np.array([of_negatives for _, of_negatives in parts])
    covariance = np.cov(above) / positives + np.cov(below) / negatives
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    difference = float(above[0].mean() - above[1].mean())
    error = math.sqrt(max(variance, 0.0))
    if error < 1e-12:
        p_value = 1.0 if abs(difference) < 1e-12 else 0.0
        return DeLong(difference, 0.0, None, p_value, difference, difference)
    z = difference / error
    low, high = (difference + side * _Z95 * error for side in (-1, 1))
    return DeLong(difference, error, z, 2 * float(norm.sf(abs(z))), max(low, -1.0), min(high, 1.0))


def paired_difference(
    value: tuple[float, float], drawn: tuple[Float64, Float64]
) -> PairedDifference | None:
    """The difference of a metric with values ``value`` and replicates ``drawn`` [samples] each.

    The replicates are of the same resamples (:func:`review_app.lab.metrics.replicates` with
    one seed). Resamples where either is not defined do not count; None where none is.
    """
    differences = drawn[0] - drawn[1]
    differences = differences[np.isfinite(differences)]
    ends = interval(differences)
    if ends is None:
        return None
    beyond = min(int((differences <= 0).sum()), int((differences >= 0).sum()))
    p_value = min(2 * (beyond + 1) / (len(differences) + 1), 1.0)
    return PairedDifference(value[0] - value[1], p_value, *ends)


def holm(p_values: Sequence[float]) -> list[float]:
    """Step-down adjusted p-values (Holm 1979): the chance of any false alarm stays at most p."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        largest = max(largest, min((len(p_values) - rank) * p_values[at], 1.0))
        adjusted[at] = largest
    return adjusted


@dataclass(frozen=True, slots=True)
class Contender:
    """One head in a comparison."""

    p_fake: Float64
    values: Mapping[str, float | None]
    """Its metrics by name; None where undefined."""
    drawn: Mapping[str, Float64]
    """Their replicates, [samples] each, on the same resamples for every head."""


def compare_all(
    contenders: Mapping[str, Contender], is_fake: Labels, *, weighted: bool = False
) -> list[dict[str, Any]]:
    """Every pair of heads: ``{"first", "second", "auroc", "aurc", "accuracy", "error_auroc"}``.

    ``auroc`` is :class:`DeLong`, or :class:`PairedDifference` where images are ``weighted``, the
    others :class:`PairedDifference`, as dicts with ``p_holm`` beside them: corrected for all pairs
    of the same metric. None where it is not defined; ends and p-values are None where images are
    too few to tell (:func:`told`).
    """
    pairs = [
        {
            "first": first,
            "second": second,
            **_compare(contenders[first], contenders[second], is_fake, weighted),
        }
        for first, second in combinations(contenders, 2)
    ]
    for metric in ("auroc", *COMPARED):
        correct([pair[metric] for pair in pairs])
    return pairs


def correct(tests: Sequence[dict[str, Any] | None]) -> None:
    """Put ``p_holm`` into each of ``tests`` of one metric, None where there is no p-value."""
    defined = [test for test in tests if test is not None]
    known = [test for test in defined if test["p_value"] is not None]
    for test in defined:
        test["p_holm"] = None
    for test, p_holm in zip(known, holm([test["p_value"] for test in known]), strict=True):
        test["p_holm"] = p_holm


def told(test: DeLong | PairedDifference, is_fake: Labels) -> dict[str, Any]:
    """The test as a document; without ends where a class has too few images for them, or where all
    resamples say the same, and then without p-value, too, unless nothing differs."""
    found = asdict(test)
    fewest = min(int(is_fake.sum()), int((~is_fake).sum()))
    if fewest < ENOUGH_TO_COMPARE or test.low == test.high:
        found |= {"low": None, "high": None}
        if test.difference or fewest < ENOUGH_TO_COMPARE:
            found["p_value"] = None
    return found


def _compare(
    first: Contender, second: Contender, is_fake: Labels, weighted: bool
) -> dict[str, Any]:
    test = None if weighted else delong(first.p_fake, second.p_fake, is_fake)
    found: dict[str, Any] = {"auroc": told(test, is_fake) if test else None}
    for metric in ("auroc", *COMPARED) if weighted else COMPARED:
        one, other = first.values[metric], second.values[metric]
        paired = (
            None
            if one is None or other is None
            else paired_difference((one, other), (first.drawn[metric], second.drawn[metric]))
        )
        found[metric] = told(paired, is_fake) if paired else None
    return found
