"""Each method keeps its promise: by exact enumeration of every calibration of a few labels."""

from __future__ import annotations

from itertools import product
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.certification.bounds import most_errors, proves, zero_error_minimum
from review_app.certification.certificate import Certificate, CertificateMethod
from review_app.certification.certify import certify_side
from review_app.certification.fixed_sequence import (
    SequencePlan,
    make_plan,
    select,
    start_of_sequence,
)
from review_app.certification.threshold_grid import Side, ThresholdGrid
from tests.certification.cases import GRIDS, PROVENANCE, draw

GRID = ThresholdGrid(Side.FAKE, (0.9, 0.8, 0.7), (0.3, 0.6, 1.0))
N = 7
LIMITS = 0.5, 0.25
"""Risk limit and delta: so loose that a few labels can certify."""
ARRANGEMENTS = np.array([c for c in product(range(N + 1), repeat=6) if sum(c) == N])
"""Labels in each of three bins, right and wrong: every calibration there can be, [m, 6]."""
WAYS = np.array([factorial(N) / prod(map(factorial, c)) for c in ARRANGEMENTS.tolist()])
shares = st.lists(st.floats(0.01, 1), min_size=3, max_size=3)
methods = st.sampled_from(CertificateMethod)


def plan(method: CertificateMethod) -> SequencePlan:
    """That of ``method``; with so few labels each start is put where it can be tested."""
    found = make_plan(method, GRID, N, *LIMITS)
    if method is CertificateMethod.MULTI_START:
        return SequencePlan(method, found.risk_limit, LIMITS[1] / 2, (0, 1), 3)
    return found if method is CertificateMethod.SGR else SequencePlan(method, *LIMITS, (0,), 3)


@settings(max_examples=150, deadline=None)
@given(methods, shares, st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_method_certifies_too_much_risk_with_probability_delta_at_most(
    method: CertificateMethod, weights: list[float], wrong: list[float]
) -> None:
    mass = np.array(weights) / sum(weights)
    risks = (mass * wrong).cumsum() / mass.cumsum()
    cells = np.stack([mass * (1 - np.array(wrong)), mass * wrong], axis=1).ravel()
    probability = WAYS * (cells**ARRANGEMENTS).prod(axis=1)
    assert probability.sum() == pytest.approx(1)
    counts = ARRANGEMENTS.reshape(-1, 3, 2)
    errors, accepted = counts[..., 1].cumsum(axis=1), counts.sum(axis=2).cumsum(axis=1)
    at = select(plan(method), errors, accepted)
    violated = (at >= 0) & (risks[at] > LIMITS[0] + 1e-9)
    assert probability[violated].sum() <= LIMITS[1] + 1e-9


@settings(max_examples=60, deadline=None)
@given(methods, st.integers(0, 2**32 - 1), st.integers(0, 500), st.sampled_from([0.05, 0.1, 0.2]))
def test_no_method_certifies_with_fewer_labels_than_the_zero_error_minimum(
    method: CertificateMethod, seed: int, n: int, risk_limit: float
) -> None:
    p, fake = draw(np.random.default_rng(seed), n)
    found = certify_side(
        p,
        fake,
        GRIDS[1],
        risk_limit=risk_limit,
        delta=0.1,
        provenance=PROVENANCE,
        method=method,
    )
    if isinstance(found, Certificate):
        assert found.method is method
        assert found.accepted >= zero_error_minimum(risk_limit, found.level)
        assert found.level <= found.delta == 0.1
        assert Certificate.from_json(found.to_json()) == found


@settings(max_examples=100, deadline=None)
@given(methods, st.data())
def test_more_errors_never_give_a_laxer_threshold(
    method: CertificateMethod, data: st.DataObject
) -> None:
    fresh = np.array(data.draw(st.lists(st.integers(0, 60), min_size=20, max_size=20)))
    wrong = np.array([data.draw(st.integers(0, min(int(f), 6))) for f in fresh])
    more = np.minimum(wrong + data.draw(st.integers(0, 2)), fresh)
    made = make_plan(method, GRIDS[1], int(fresh.sum()), 0.1, 0.1)
    before, after = select(made, np.stack([wrong, more]).cumsum(1), fresh.cumsum()[None])
    assert after <= before


@given(st.integers(0, 4000), st.floats(0.01, 0.5), st.floats(0.001, 0.5))
def test_the_most_errors_are_the_last_count_that_proves_the_limit(
    n: int, risk_limit: float, level: float
) -> None:
    most = int(most_errors(n, risk_limit, level))
    if n:
        assert most < 0 or proves(np.array(most), np.array(n), risk_limit, level)
        assert not proves(np.array(most + 1), np.array(n), risk_limit, level)
    else:
        assert most == -1


def test_thresholds_that_can_hardly_pass_are_skipped() -> None:
    for n in (200, 500, 2000):
        start = start_of_sequence(GRIDS[1], n, 0.1, 0.05)
        expected = n * GRIDS[1].acceptance[start]
        assert expected >= 1.5 * zero_error_minimum(0.1, 0.05)


def test_the_start_goes_where_the_scores_promise_few_errors() -> None:
    shares = tuple(at / 40 for at in range(1, 21))
    sure = ThresholdGrid(Side.FAKE, tuple(0.999 - 0.0001 * at for at in range(20)), shares)
    unsure = ThresholdGrid(Side.FAKE, tuple(0.99 - 0.024 * at for at in range(20)), shares)
    assert start_of_sequence(sure, 1000, 0.1, 0.05) > start_of_sequence(unsure, 1000, 0.1, 0.05)


def test_the_binary_search_ends_where_passing_ends() -> None:
    grid = GRIDS[0]
    made = make_plan(CertificateMethod.SGR, grid, 1000, 0.1, 0.1)
    accepted = np.arange(1, 21) * 60
    for bad in range(21):
        errors = np.where(np.arange(20) >= bad, accepted, 0)
        assert select(made, errors, accepted) == bad - 1
    assert made.level == pytest.approx(0.1 / 5)
    assert made.starts == (10, 5, 2, 1, 0)
