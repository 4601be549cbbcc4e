"""E-processes against quadrature, simulation and their own guarantees; the betting bound too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from review_app.audits.e_values import (
    Direction,
    betting_interval,
    betting_path,
    evidence_path,
    interval,
    log_evidence,
)
from review_app.core.errors import InputError
from tests.audits.audit_mixes import mixes

ABOVE, BELOW = Direction.ABOVE, Direction.BELOW
LIMITS = st.floats(0.005, 0.5)


@st.composite
def counts(draw: st.DrawFn, most: int = 2000) -> tuple[int, int]:
    """Errors and audits."""
    audits = draw(st.integers(0, most))
    return draw(st.integers(0, audits)), audits


@pytest.mark.parametrize("direction", Direction)
@given(counted=counts(60), limit=st.floats(0.02, 0.5))
def test_the_closed_form_is_the_mixture_it_stands_for(
    direction: Direction, counted: tuple[int, int], limit: float
) -> None:
    k, n = counted
    low, high = (0.0, limit) if direction is BELOW else (limit, 1.0)
    prior = beta(0.5, 0.5)
    weight = prior.cdf(high) - prior.cdf(low)

    def ratio(angle: float) -> float:  # q = sin^2: under Jeffreys' prior the angle is uniform
        q = np.sin(angle) ** 2
        return float((q / limit) ** k * ((1 - q) / (1 - limit)) ** (n - k) * 2 / np.pi / weight)

    found, _ = quad(ratio, np.arcsin(np.sqrt(low)), np.arcsin(np.sqrt(high)), limit=200)
    assert np.exp(log_evidence(k, n, limit, direction)) == pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize("direction", Direction)
@given(counted=counts(), limit=LIMITS)
def test_one_more_audit_leaves_the_evidence_as_it_is_on_average_at_the_limit(
    direction: Direction, counted: tuple[int, int], limit: float
) -> None:
    k, n = counted
    now, right, wrong = log_evidence([k, k, k + 1], [n, n + 1, n + 1], limit, direction)
    average = limit * np.exp(wrong - now) + (1 - limit) * np.exp(right - now)
    assert average == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("direction", Direction)
@given(counted=counts(), limit=LIMITS, share=st.floats(0, 1))
def test_it_shrinks_on_average_under_every_other_rate_that_the_null_allows(
    direction: Direction, counted: tuple[int, int], limit: float, share: float
) -> None:
    rate = share * limit if direction is ABOVE else limit + share * (1 - limit)
    k, n = counted
    now, right, wrong = log_evidence([k, k, k + 1], [n, n + 1, n + 1], limit, direction)
    assert rate * np.exp(wrong - now) + (1 - rate) * np.exp(right - now) <= 1 + 1e-6


@given(counted=counts(10**6), limit=LIMITS)
def test_no_number_of_audits_overflows_or_underflows(
    counted: tuple[int, int], limit: float
) -> None:
    k, n = counted
    found = np.array([log_evidence(k, n, limit, direction) for direction in Direction])
    assert np.isfinite(found).all()


@given(n=st.integers(1, 400), limit=LIMITS)
@example(n=355, limit=0.1015625)  # where the incomplete beta function is all but 0
def test_more_errors_are_more_evidence_for_the_alarm_and_less_for_the_certificate(
    n: int, limit: float
) -> None:
    k = np.arange(n + 1)
    assert (np.diff(log_evidence(k, n, limit, ABOVE)) > -1e-9).all()
    assert (np.diff(log_evidence(k, n, limit, BELOW)) < 1e-9).all()


def test_no_evidence_is_there_before_the_first_audit() -> None:
    assert evidence_path([], 0.05, ABOVE).shape == (0,)
    assert interval([], 0.05) == (0.0, 1.0)
    assert betting_interval([], [], 0.05) == (0.0, 1.0)


@given(
    wrong=st.lists(st.booleans(), max_size=80),
    limit=st.floats(0.01, 0.5),
    alpha=st.sampled_from([0.05, 0.2]),
)
@settings(max_examples=50)
def test_an_end_is_beyond_a_limit_exactly_when_the_evidence_says_so(
    wrong: list[bool], limit: float, alpha: float
) -> None:
    low, high = interval(wrong, alpha)
    assert 0 <= low <= high <= 1
    for direction, beyond in ((ABOVE, limit - low), (BELOW, high - limit)):
        reached = log_evidence(sum(wrong), len(wrong), limit, direction) >= np.log(2 / alpha)
        assert reached == (beyond < 0) or abs(beyond) < 1e-6


def test_the_interval_holds_though_it_is_looked_at_after_every_audit() -> None:
    wrong = np.random.default_rng(0).random((1000, 1000)) < 0.1
    missed = [evidence_path(wrong, 0.1, way).max(axis=1) >= np.log(2 / 0.1) for way in Direction]
    assert (missed[0] | missed[1]).mean() <= 0.1


def test_after_a_change_the_interval_follows_and_its_ends_stay_in_order() -> None:
    low, high = interval([False] * 60 + [True] * 60, 0.05)
    assert low < 0.5 < high


def test_the_betting_bound_keeps_its_word_under_unequal_probabilities() -> None:
    """Errors lie where audits are frequent: the plain rate among audits is three times too high."""
    rng = np.random.default_rng(1)
    alarms, plain = 0, 0
    for _ in range(200):
        hard = rng.random(6000) < 0.1
        wrong = rng.random(6000) < np.where(hard, 0.32, 0.02)  # 5% of all
        pi = np.where(hard, 0.5, 0.05)
        audited = rng.random(6000) < pi
        path = betting_path(wrong[audited], 0.05 / pi[audited], 0.05, ABOVE)
        alarms += path.max() >= np.log(20)
        plain += evidence_path(wrong[audited], 0.05, ABOVE).max() >= np.log(20)
    assert alarms <= 200 * 0.05
    assert plain > 190


@pytest.mark.parametrize("direction", Direction)
@given(limit=LIMITS, wrong=st.lists(st.booleans(), max_size=30), data=st.data())
def test_the_betting_bound_never_grows_on_average_under_its_null(
    direction: Direction, limit: float, wrong: list[bool], data: st.DataObject
) -> None:
    bounds = (0.0, limit) if direction is ABOVE else (limit, 1.0)
    mix = data.draw(mixes(*bounds))
    before = data.draw(
        st.lists(st.sampled_from(mix.weights), min_size=len(wrong), max_size=len(wrong))
    )
    now = betting_path(wrong, before, limit, direction)[-1] if wrong else 0.0

    def gain(last: bool, weight: float) -> float:
        after = betting_path([*wrong, last], [*before, weight], limit, direction)[-1]
        return float(np.exp(after - now))

    first, second = mix.weights
    right, error = ((gain(last, first), gain(last, second)) for last in (False, True))
    assert mix.average(right, error) <= 1 + 1e-9


def test_the_betting_bound_finds_a_broken_limit() -> None:
    rng = np.random.default_rng(2)
    wrong = rng.random(600) < 0.15
    weights = rng.choice([1.0, 0.5], 600)
    assert betting_path(wrong, weights, 0.05, ABOVE).max() >= np.log(20)
    low, high = betting_interval(wrong, weights, 0.05)
    assert 0.05 < low < 0.15 < high < 0.3


def test_with_equal_probabilities_betting_and_mixture_agree_closely() -> None:
    wrong = np.random.default_rng(4).random(800) < 0.1
    bet = betting_interval(wrong, np.ones(800), 0.05)
    assert bet == pytest.approx(interval(wrong, 0.05), abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "weights"), [([True], [1.0, 1.0]), ([True], [0.0]), ([True], [1.5])]
)
def test_weights_that_cannot_be_are_refused(wrong: list[bool], weights: list[float]) -> None:
    with pytest.raises(InputError):
        betting_path(wrong, weights, 0.05, ABOVE)
