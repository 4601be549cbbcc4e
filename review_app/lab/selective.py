"""Risk-coverage curves and the areas under them tell how well an uncertainty ranks errors.

Definitions: Geifman & El-Yaniv 2017 (risk-coverage, AURC), Geifman et al. 2019 (E-AURC), Traub et
al. 2024 (AUGRC). Images are accepted from certain to uncertain; tied uncertainties are averaged
over all their orders, because no order among them was ever chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The curve at every number of accepted images, float64 [n] each."""

    mass: Float64
    """How many images each stands for, from certain to uncertain; 1 without weights."""
    errors: Float64
    """Expected errors among the accepted, over the orders of ties."""
    wrong: float
    """Errors among all."""

    @property
    def accepted(self) -> Float64:
        """Images accepted: 1, 2, ... n without weights."""
        total: Float64 = np.cumsum(self.mass)
        return total

    @property
    def coverage(self) -> Float64:
        """Share of images accepted: 1/n, 2/n, ... 1 without weights."""
        accepted = self.accepted
        share: Float64 = accepted / accepted[-1]
        return share

    @property
    def selective_risk(self) -> Float64:
        """Errors per accepted image."""
        risk: Float64 = self.errors / self.accepted
        return risk

    @property
    def aurc(self) -> float:
        """Mean selective risk over the coverages."""
        return self._mean(self.selective_risk)

    @property
    def eaurc(self) -> float:
        """AURC above that of the order that puts every error last."""
        accepted = self.accepted
        best = np.maximum(accepted - (accepted[-1] - self.wrong), 0) / accepted
        return self.aurc - self._mean(best)

    @property
    def augrc(self) -> float:
        """Area under errors per image (accepted or not) against coverage, by the trapezoid rule.

        With a the accuracy it equals (1 - AUROC_f) a (1 - a) + (1 - a)² / 2, AUROC_f being the
        error-detection AUROC.
        """
        total = self.mass.sum()
        heights = np.concatenate([[0.0], self.errors]) / total
        return float((self.mass / total * (heights[1:] + heights[:-1]) / 2).sum())

    def _mean(self, of_each: Float64) -> float:
        return float((self.mass * of_each).sum() / self.mass.sum())


def risk_coverage(
    uncertainty: Float64, wrong: NDArray[np.bool_], weights: Float64 | None = None
) -> RiskCoverage:
    """The curve of ``uncertainty`` [n] (low is accepted first) against errors [n], n > 0."""
    mass = np.ones(len(wrong)) if weights is None else weights
    _, tie, sizes = np.unique(uncertainty, return_inverse=True, return_counts=True)
    share = np.bincount(tie, weights=mass * wrong) / np.bincount(tie, weights=mass)
    ordered = mass[np.argsort(uncertainty, kind="stable")]
    # Within a tie every order is as likely, so each of its images is wrong at the tie's rate.
    errors = np.cumsum(ordered * np.repeat(share, sizes))
    return RiskCoverage(ordered, errors, float((mass * wrong).sum()))


def rejected(
    uncertainty: Float64, rate: float, weights: Float64 | None = None
) -> NDArray[np.bool_]:
    """Which images go when the most uncertain share ``rate`` is rejected, bool [n].

    Ties are broken by position, as some images have to go.
    """
    n = len(uncertainty)
    count = round(rate * n)
    if weights is not None:
        gone = np.cumsum(weights[np.argsort(uncertainty, kind="stable")[::-1]])
        count = int(np.abs(np.append(0.0, gone) - rate * gone[-1]).argmin())
    mask = np.zeros(n, dtype=np.bool_)
    mask[np.argsort(uncertainty, kind="stable")[n - count :]] = True
    return mask
