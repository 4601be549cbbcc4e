"""The binomial bounds, against the binomial distribution itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom

from review_app.certification.bounds import (
    check_limits,
    lower_bound,
    proves,
    spent_level,
    upper_bound,
    upper_bounds,
    zero_error_minimum,
)
from review_app.core.errors import SettingsError

counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
levels = st.floats(0.001, 0.5)
limits = st.floats(0.002, 0.5)


@given(counts, levels)
def test_the_upper_bound_is_the_rate_at_which_so_few_errors_have_probability_delta(
    kn: tuple[int, int], delta: float
) -> None:
    k, n = kn
    bound = upper_bound(k, n, delta)
    if k == n:
        assert bound == 1
    else:
        assert k / n < bound <= 1
        assert binom.cdf(k, n, bound) == pytest.approx(delta, rel=1e-6)


@given(counts, limits, levels)
def test_a_limit_is_proven_exactly_where_the_bound_is_below_it(
    kn: tuple[int, int], risk_limit: float, delta: float
) -> None:
    bound = upper_bound(*kn, delta)
    assume(bound != pytest.approx(risk_limit, rel=1e-6))
    proven = proves(np.array([kn[0]]), np.array([kn[1]]), risk_limit, delta)
    assert proven.tolist() == [bound < risk_limit]


@given(counts, levels)
def test_the_lower_bound_mirrors_the_upper_bound(kn: tuple[int, int], delta: float) -> None:
    k, n = kn
    assert lower_bound(k, n, delta) == pytest.approx(1 - upper_bound(n - k, n, delta), abs=1e-9)


@given(counts, levels)
def test_one_more_error_raises_the_bound(kn: tuple[int, int], delta: float) -> None:
    k, n = kn
    assert upper_bound(k, n + 1, delta) <= upper_bound(k + 1, n + 1, delta)


@given(limits, levels)
def test_the_zero_error_minimum_is_the_fewest_labels_that_can_certify(
    risk_limit: float, delta: float
) -> None:
    n = zero_error_minimum(risk_limit, delta)
    assert upper_bound(0, n, delta) <= risk_limit * (1 + 1e-6)
    assert upper_bound(0, n - 1, delta) > risk_limit * (1 - 1e-6)


def test_known_values_hold() -> None:
    assert zero_error_minimum(0.05, 0.05) == 59
    assert zero_error_minimum(0.05, 0.1) == 45
    assert upper_bound(0, 59, 0.05) == pytest.approx(0.0495, abs=1e-4)
    assert upper_bound(0, 0, 0.05) == 1


def test_bounds_of_arrays_are_those_of_their_elements() -> None:
    found = upper_bounds(np.array([[0], [3]]), np.array([10, 50]), 0.1)
    expected = [[upper_bound(k, n, 0.1) for n in (10, 50)] for k in (0, 3)]
    np.testing.assert_array_equal(found, expected)


@given(levels)
def test_all_attempts_of_a_series_together_spend_no_more_than_delta(delta: float) -> None:
    assert sum(spent_level(delta, attempt) for attempt in range(1, 60)) <= delta
    assert spent_level(delta, None) == delta


def test_attempts_are_counted_from_one() -> None:
    with pytest.raises(SettingsError, match="counted from 1"):
        spent_level(0.1, 0)


@pytest.mark.parametrize("value", [0, -0.1, 0.51, float("nan")])
def test_limits_out_of_range_are_refused(value: float) -> None:
    with pytest.raises(SettingsError, match="risk limit"):
        check_limits(value, 0.1)
    with pytest.raises(SettingsError, match="delta"):
        check_limits(0.05, value)
