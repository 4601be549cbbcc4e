"""How often certificates are wrong, over thousands of resampled calibrations of known risk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from review_app.certification.bounds import spent_level, upper_bound
from review_app.certification.certificate import Certificate
from review_app.certification.certify import certify_policy, certify_side
from review_app.certification.threshold_grid import Side
from tests.certification.cases import PROVENANCE, Bools, Floats, draw, threshold_grids

RISK_LIMIT = 0.05
DELTA = 0.1
RESAMPLES = 1000
MARGIN = 3 * (DELTA * (1 - DELTA) / RESAMPLES) ** 0.5
"""Three Monte-Carlo standard errors at the nominal rate."""

POPULATION = draw(np.random.default_rng(99), 200_000, separation=1.2)
ORDER = np.argsort(POPULATION[0])
SCORES = POPULATION[0][ORDER]
FAKES_BELOW: NDArray[np.int64] = np.concatenate([[0], np.cumsum(POPULATION[1][ORDER])])
GRIDS = threshold_grids(
    (
        0.0005, 0.0017, 0.0036, 0.0058, 0.009, 0.014, 0.019, 0.026, 0.034, 0.046,
        0.064, 0.09, 0.114, 0.15, 0.19, 0.24, 0.29, 0.34, 0.41, 0.493,
    )
)  # fmt: skip
"""Quantiles of the population, about."""


def true_risk(side: Side, threshold: float) -> float:
    """Share of errors among what a threshold accepts of the whole population."""
    if side is Side.REAL:
        accepted = int(np.searchsorted(SCORES, threshold, side="right"))
        return float(FAKES_BELOW[accepted] / max(accepted, 1))
    first = int(np.searchsorted(SCORES, threshold, side="left"))
    accepted = SCORES.size - first
    return float(1 - (FAKES_BELOW[-1] - FAKES_BELOW[first]) / max(accepted, 1))


def resampled(n: int) -> Iterator[tuple[Floats, Bools]]:
    """Scores and labels of as many calibrations of ``n`` labels as are counted, ever the same."""
    rng = np.random.default_rng(2024)
    for _ in range(RESAMPLES):
        rows = rng.integers(0, SCORES.size, n)
        yield POPULATION[0][rows], POPULATION[1][rows]


def share(wrong: Iterable[bool]) -> float:
    """The share of the resampled calibrations of which something is wrong."""
    return sum(wrong) / RESAMPLES


@cache
def certificates(n: int) -> list[Certificate]:
    """The certificates of what is flagged as fake, of those calibrations that give one."""
    found = (
        certify_side(p, fake, GRIDS[1], risk_limit=RISK_LIMIT, delta=DELTA, provenance=PROVENANCE)
        for p, fake in resampled(n)
    )
    return [one for one in found if isinstance(one, Certificate)]


def naively_wrong(p: Floats, fake: Bools) -> bool:
    """The laxest threshold whose error on the calibration labels is within the limit, no bound."""
    passing = [
        t for t in GRIDS[1].thresholds if (p >= t).any() and (~fake[p >= t]).mean() <= RISK_LIMIT
    ]
    return bool(passing) and true_risk(Side.FAKE, passing[-1]) > RISK_LIMIT


@pytest.mark.parametrize("n", [400, 1000])
def test_a_certificate_is_wrong_at_most_as_often_as_it_says(n: int) -> None:
    wrong = (true_risk(Side.FAKE, one.threshold) > RISK_LIMIT for one in certificates(n))
    assert share(wrong) <= DELTA + MARGIN


def test_a_threshold_without_a_bound_is_wrong_far_more_often() -> None:
    assert share(naively_wrong(p, fake) for p, fake in resampled(400)) > 0.3


def test_both_sides_of_a_policy_hold_together() -> None:
    def wrong(p: Floats, fake: Bools) -> bool:
        found = certify_policy(
            p, fake, *GRIDS, risk_limit=RISK_LIMIT, delta=DELTA, provenance=PROVENANCE
        )
        return any(
            true_risk(one.side, one.threshold) > RISK_LIMIT
            for one in (found.real, found.fake)
            if isinstance(one, Certificate)
        )

    assert share(wrong(p, fake) for p, fake in resampled(400)) <= DELTA + MARGIN


@pytest.mark.parametrize("counted", [True, False])
def test_trying_again_holds_only_where_attempts_share_the_confidence(counted: bool) -> None:
    """At a true risk on the limit, with a test after every 60 labels until one passes."""
    rng = np.random.default_rng(11)
    sizes = range(60, 901, 60)
    wrong = 0
    for _ in range(RESAMPLES):
        errors = (rng.random(900) < RISK_LIMIT).cumsum()
        wrong += any(
            upper_bound(int(errors[n - 1]), n, spent_level(DELTA, attempt if counted else None))
            <= RISK_LIMIT
            for attempt, n in enumerate(sizes, start=1)
        )
    if counted:
        assert wrong / RESAMPLES <= DELTA
    else:
        assert wrong / RESAMPLES > 2 * DELTA


def test_the_bound_over_prevalence_holds_when_the_mix_changes() -> None:
    """At the certified threshold, for every prevalence at once."""
    weights = np.array([0.02, 0.1, 0.3, 0.5, 0.7, 0.9])

    def exceeded(found: Certificate) -> bool:
        first = int(np.searchsorted(SCORES, found.threshold))
        fakes = int(FAKES_BELOW[-1] - FAKES_BELOW[first])
        a_fake = fakes / FAKES_BELOW[-1]
        a_real = (SCORES.size - first - fakes) / (SCORES.size - FAKES_BELOW[-1])
        truth = (1 - weights) * a_real / ((1 - weights) * a_real + weights * a_fake)
        bounds = np.array([found.bound_at_prevalence(w) for w in weights.tolist()])
        return bool((truth > bounds).any())

    assert share(exceeded(one) for one in certificates(400)) <= DELTA + MARGIN
