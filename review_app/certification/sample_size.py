"""A forecast of how many more labels it would take to certify, which proves nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.certification.bounds import most_errors
from review_app.certification.certificate import CertificateMethod
from review_app.certification.fixed_sequence import make_plan
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.special import bdtr, gammaln, xlog1py, xlogy

EVEN, LIKELY = 0.5, 0.9
"""Chances of a certificate for which the missing labels are told."""

HORIZON = 20_000
"""More labels than this are called out of reach."""

PRIOR_WEIGHT = 10
"""How many labels the expectation without labels counts for beside those there are: the grid's
acceptance share, and errors at a quarter of the limit, as of a detector worth certifying."""

_STEP = 1.5
_REACH = 6
"""Standard deviations beyond which a binomial's tails are left out."""


@dataclass(frozen=True)
class CalibrationCounts:
    """The counts of each threshold of a grid on ``n`` calibration images."""

    grid: ThresholdGrid
    n: int
    accepted: NDArray[np.int64]
    """Images accepted, per threshold."""
    errors: NDArray[np.int64]
    """Images of the other class among them, per threshold."""

    @classmethod
    def count(
        cls, grid: ThresholdGrid, scores: NDArray[np.float64], fake: NDArray[np.bool_]
    ) -> CalibrationCounts:
        """Count ``scores`` [n] with their labels."""
        wrong = fake if grid.side is Side.REAL else ~fake
        masks = [grid.side.accepts(scores, t) for t in grid.thresholds]
        accepted = np.array([m.sum() for m in masks], np.int64)
        errors = np.array([(m & wrong).sum() for m in masks], np.int64)
        return cls(grid, scores.size, accepted, errors)


@dataclass(frozen=True)
class LabelForecast:
    """The chance of a certificate after more random labels, were images accepted and wrong as
    often as now: exact, by the binomial distributions of acceptance and of errors."""

    tally: CalibrationCounts
    method: CertificateMethod
    risk_limit: float
    level: float
    errors_go_on: bool = True
    """Whether further accepted images are wrong at the rate seen, or none of them."""

    def chance(self, more: int) -> float:
        """The chance of the threshold most likely to open the certificate, after ``more``
        labels."""
        tally = self.tally
        plan = make_plan(self.method, tally.grid, tally.n + more, self.risk_limit, self.level)
        return max((self._passes(at, more, plan.level) for at in plan.starts), default=0.0)

    def labels(self, chance: float, at_least: int = 1) -> int | None:
        """Fewest further labels after which ``chance`` is reached; ``None``: out of reach."""
        return fewest(self.chance, chance, at_least)

    def _passes(self, at: int, more: int, level: float) -> float:
        accepted, errors = int(self.tally.accepted[at]), int(self.tally.errors[at])
        prior = self.tally.grid.acceptance[at]
        share = (accepted + PRIOR_WEIGHT * prior) / (self.tally.n + PRIOR_WEIGHT)
        risk = 0.0
        if self.errors_go_on:
            risk = (errors + PRIOR_WEIGHT * self.risk_limit / 4) / (accepted + PRIOR_WEIGHT)
        fresh, weight = _binomial(more, share)
        allowed = most_errors(accepted + fresh, self.risk_limit, level) - errors
        return _few_enough(fresh, weight, allowed, risk)


def passing_chance(n: int, share: float, risk: float, risk_limit: float, level: float) -> float:
    """The chance that a threshold passes on ``n`` labels, if it accepts ``share`` of all images
    and is wrong about ``risk`` of those."""
    accepted, weight = _binomial(n, share)
    return _few_enough(accepted, weight, most_errors(accepted, risk_limit, level), risk)


def fewest(chance_after: Callable[[int], float], chance: float, at_least: int = 1) -> int | None:
    """Fewest labels after which ``chance`` is reached; ``None``: out of reach.

    Looked for from ``at_least`` on in steps of a half, then by bisection.
    """
    below, labels = at_least - 1, at_least
    while chance_after(labels) < chance:
        below, labels = labels, math.ceil(labels * _STEP)
        if below >= HORIZON:
            return None
    while labels - below > 1:
        middle = (below + labels) // 2
        below, labels = (below, middle) if chance_after(middle) >= chance else (middle, labels)
    return labels


def _few_enough(
    fresh: NDArray[np.int64], weight: NDArray[np.float64], allowed: NDArray[np.int64], risk: float
) -> float:
    """The chance of at most ``allowed`` errors among ``fresh`` images, which come with ``weight``
    [k]."""
    few = bdtr(allowed.clip(0, fresh), np.maximum(fresh, 1), risk)
    return float(weight @ np.where(allowed < 0, 0.0, np.where(fresh > 0, few, 1.0)))


def _binomial(n: int, p: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Values and probabilities of a binomial, but for tails that do not matter."""
    reach = _REACH * (math.sqrt(n * p * (1 - p)) + 1)
    k = np.arange(max(0, math.floor(n * p - reach)), min(n, math.ceil(n * p + reach)) + 1)
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlog1py(n - k, -p)
    return k, np.exp(log)
