"""The forecast of missing labels is the chance of a certificate, not a guess."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.certification.bounds import most_errors, zero_error_minimum
from review_app.certification.certificate import CertificateMethod
from review_app.certification.fixed_sequence import make_plan, select
from review_app.certification.sample_size import (
    EVEN,
    LIKELY,
    PRIOR_WEIGHT,
    CalibrationCounts,
    LabelForecast,
)
from review_app.certification.threshold_grid import Side, ThresholdGrid

GRID = ThresholdGrid(Side.FAKE, (0.97, 0.9, 0.7), (0.1, 0.25, 0.5))


def tally(n: int = 0, accepted: tuple[int, ...] = (0, 0, 0), errors: int = 0) -> CalibrationCounts:
    return CalibrationCounts(GRID, n, np.array(accepted), np.full(3, errors))


@pytest.mark.parametrize("method", CertificateMethod)
@pytest.mark.parametrize("chance", [EVEN, LIKELY])
def test_after_the_forecast_labels_certificates_come_as_often_as_it_says(
    method: CertificateMethod, chance: float
) -> None:
    """Simulated: the labels there are, and further ones at the rates the forecast takes."""
    now = tally(200, (16, 50, 110), 2)
    forecast = LabelForecast(now, method, 0.1, 0.05)
    more = forecast.labels(chance)
    assert more is not None
    share = (now.accepted + PRIOR_WEIGHT * np.asarray(GRID.acceptance)) / (200 + PRIOR_WEIGHT)
    risk = (2 + PRIOR_WEIGHT * 0.1 / 4) / (now.accepted + PRIOR_WEIGHT)
    rng = np.random.default_rng(5)
    fresh = rng.binomial(more, share, (20_000, 3))
    errors = now.errors + rng.binomial(fresh, risk)
    plan = make_plan(method, GRID, 200 + more, 0.1, 0.05)
    passes = errors <= most_errors(now.accepted + fresh, 0.1, plan.level)
    best = passes[:, list(plan.starts)].mean(axis=0).max()
    assert best == pytest.approx(forecast.chance(more), abs=0.015)
    assert best >= chance - 0.015


def test_never_fewer_labels_than_the_zero_error_minimum() -> None:
    for n in (0, 30):
        flawless = LabelForecast(
            tally(n), CertificateMethod.FIXED_SEQUENCE, 0.05, 0.1, errors_go_on=False
        )
        assert n + (flawless.labels(EVEN) or 0) >= zero_error_minimum(0.05, 0.1)


def test_more_errors_ask_for_more_labels_until_it_is_out_of_reach() -> None:
    def needed(errors: int) -> int | None:
        now = tally(60, (4, 9, 16), errors)
        return LabelForecast(now, CertificateMethod.FIXED_SEQUENCE, 0.1, 0.05).labels(EVEN)

    few, more = needed(0), needed(1)
    assert few is not None
    assert more is not None
    assert few < more
    assert needed(4) is None


def test_an_empty_threshold_grid_has_no_chance() -> None:
    nothing = CalibrationCounts(
        ThresholdGrid(Side.REAL, (), ()), 50, np.empty(0, np.int64), np.empty(0, np.int64)
    )
    nobody = np.empty((4, 0), np.int64)
    for method in CertificateMethod:
        assert LabelForecast(nothing, method, 0.2, 0.1).labels(EVEN) is None
        plan = make_plan(method, nothing.grid, 50, 0.2, 0.1)
        assert plan.candidates == 0
        assert select(plan, nobody, nobody).tolist() == [-1] * 4
