"""Forecasts of a policy: they add up, and their intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.certification.certificate import Certificate
from review_app.certification.certify import certify_side
from review_app.certification.prospect import Prospect
from review_app.core.errors import InputError
from review_app.policy.costs import Costs
from review_app.policy.what_if import (
    PolicyForecast,
    Range,
    ReviewWorkload,
    binomial_range,
    forecast,
    poisson_range,
)
from tests.certification.cases import GRIDS, PROVENANCE, draw

LOAD = ReviewWorkload(images_per_day=1000, seconds_per_label=9)
COSTS = Costs(missed_fake=10, false_alarm=5, reviewer_minute=1)


def _asked(n: int = 500, risk_limit: float = 0.1) -> tuple[Prospect, Prospect]:
    real, fake = (Prospect(grid, n, risk_limit, delta=0.1, attempt=1) for grid in GRIDS)
    return real, fake


def _forecast(
    asked: tuple[Prospect, Prospect], audit: float = 0.05, load: ReviewWorkload = LOAD
) -> PolicyForecast:
    stream, _ = draw(np.random.default_rng(99), 2000)
    return forecast(*asked, stream, load, COSTS, audit_probability=audit)


def test_the_shares_of_a_day_add_up() -> None:
    seen = _forecast(_asked())
    assert 0.2 < seen.auto_accepted < 1
    proposed = seen.real.accepted.value + seen.fake.accepted.value
    assert seen.auto_accepted + seen.audited == pytest.approx(proposed)
    assert seen.images_reviewed_per_day == pytest.approx(1000 * (1 - seen.auto_accepted))
    assert seen.reviewer_hours_per_day == pytest.approx(seen.images_reviewed_per_day * 9 / 3600)
    mistakes = 10 * seen.real.errors_per_day.value + 5 * seen.fake.errors_per_day.value
    assert seen.cost_per_day == pytest.approx(seen.images_reviewed_per_day * 0.15 + mistakes)
    assert seen.cost_per_day_all_reviewed == pytest.approx(150)


def test_what_cannot_be_certified_accepts_nothing() -> None:
    seen = _forecast(_asked(20, 0.01))
    assert seen.auto_accepted == seen.errors_per_day.high == 0
    assert seen.reviewer_hours_per_day == pytest.approx(2.5)
    assert seen.cost_per_day == seen.cost_per_day_all_reviewed


def test_errors_may_come_as_often_as_the_limit_allows_and_are_expected_as_scores_say() -> None:
    for side in _forecast(_asked()).sides:
        assert (side.error_rate.low, side.error_rate.high) == (0, 0.1)
        assert 0.025 <= side.error_rate.value < 0.1
        assert 0 < side.errors_per_day.value < side.errors_per_day.high


def test_the_expected_threshold_is_about_the_one_that_tries_certify() -> None:
    """Of simulated tries on scores that mean what they say, half accept more and half less."""
    (real, _), accepted = _asked(1000), []
    rng = np.random.default_rng(3)
    for _ in range(200):
        scores, fake = draw(rng, 1000)
        found = certify_side(
            scores, fake, GRIDS[0], risk_limit=0.1, delta=0.05, provenance=PROVENANCE, attempt=1
        )
        accepted.append(found.threshold if isinstance(found, Certificate) else 0.0)
    assert real.threshold is not None
    at = GRIDS[0].thresholds.index(real.threshold)
    low, high = np.quantile(accepted, [0.25, 0.75])
    assert low <= GRIDS[0].thresholds[at] <= high


def test_errors_of_a_day_stay_in_their_interval_as_often_as_promised() -> None:
    """A threshold fixed beforehand: neither the rate nor the day misses more than 5% together."""
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(2000):
        rate = binomial_range(int(rng.binomial(300, 0.04)), 300, 0.025)
        day = poisson_range(rate.times(500), 0.025)
        inside += day.low <= rng.poisson(20) <= day.high
    assert inside / 2000 >= 0.95


def test_auditing_everything_accepts_nothing_unseen() -> None:
    seen = _forecast(_asked(), audit=1.0)
    assert seen.auto_accepted == seen.errors_per_day.high == 0
    assert seen.audited > 0


def test_a_day_without_images_costs_nothing() -> None:
    seen = _forecast(_asked(), load=ReviewWorkload(0, 9))
    assert (seen.reviewer_hours_per_day, seen.cost_per_day) == (0, 0)
    assert seen.errors_per_day == Range(0, 0, 0)


def test_an_unmeasured_share_may_be_anything() -> None:
    assert binomial_range(0, 0) == Range(0, 0, 1)


@pytest.mark.parametrize("scores", [[], [0.5, float("nan")], [1.2], [[0.5]]])
def test_a_forecast_without_scores_is_refused(scores: list[float]) -> None:
    with pytest.raises(InputError, match="run triage first"):
        forecast(*_asked(), scores, LOAD, COSTS, audit_probability=0.05)


@pytest.mark.parametrize("load", [(-1.0, 9.0, 1), (10.0, float("inf"), 1), (10.0, 9.0, 0)])
def test_a_workload_that_is_none_is_refused(load: tuple[float, float, int]) -> None:
    with pytest.raises(InputError, match="workload needs"):
        ReviewWorkload(*load)
