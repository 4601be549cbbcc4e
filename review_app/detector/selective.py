"""How well an uncertainty ranks errors: risk-coverage curves and the areas under them.

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

    coverage: Float64
    """Share of images accepted: 1/n, 2/n, ... 1."""
    errors: Float64
    """Expected errors among the accepted, over the orders of ties."""

    @property
    def selective_risk(self) -> Float64:
        """Errors per accepted image."""
        accepted = np.arange(1, len(self.errors) + 1)
        risk: Float64 = self.errors / accepted
        return risk

    @property
    def aurc(self) -> float:
        """Mean selective risk over the coverages."""
        return float(self.selective_risk.mean())

    @property
    def eaurc(self) -> float:
        """AURC above that of the order that puts every error last."""
        n, wrong = len(self.errors), round(float(self.errors[-1]))
        best = np.maximum(np.arange(1, n + 1) - (n - wrong), 0) / np.arange(1, n + 1)
        return self.aurc - float(best.mean())

    @property
    def augrc(self) -> float:
        """Area under errors per image (accepted or not) against coverage, by the trapezoid rule.

        With a the accuracy it equals (1 - AUROC_f) a (1 - a) + (1 - a)² / 2, AUROC_f being the
        error-detection AUROC.
        """
        n = len(self.errors)
        heights = np.concatenate([[0.0], self.errors]) / n
        return float(np.trapezoid(heights, dx=1 / n))


def risk_coverage(uncertainty: Float64, wrong: NDArray[np.bool_]) -> RiskCoverage:
    """The curve of ``uncertainty`` [n] (low is accepted first) against errors [n], n > 0."""
    _, tie, sizes = np.unique(uncertainty, return_inverse=True, return_counts=True)
    errors_in_tie = np.bincount(tie, weights=wrong)
    # Within a tie every order is as likely, so each of its images is wrong at the tie's rate.
    per_image = np.repeat(errors_in_tie / sizes, sizes)
    n = len(wrong)
    return RiskCoverage(np.arange(1, n + 1) / n, np.cumsum(per_image))


def rejected(uncertainty: Float64, rate: float) -> NDArray[np.bool_]:
    """Which images go when the most uncertain share ``rate`` is rejected, bool [n].

    Ties are broken by position, as some images have to go.
    """
    n = len(uncertainty)
    count = round(rate * n)
    mask = np.zeros(n, dtype=np.bool_)
    mask[np.argsort(uncertainty, kind="stable")[n - count :]] = True
    return mask
