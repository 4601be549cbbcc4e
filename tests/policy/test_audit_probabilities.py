"""Audit probabilities by group: bounds, small groups, and estimates that stay right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.core.errors import SettingsError
from review_app.policy.audit_probabilities import TARGET, audit_probabilities

VOLUMES = st.dictionaries(st.text(max_size=5), st.floats(0, 1e6), max_size=6)


@given(base=st.floats(0.001, 1), expected=VOLUMES, target=st.floats(0, 1000))
def test_every_group_has_its_audits_or_all_of_them_and_none_has_less_than_the_base(
    base: float, expected: dict[str, float], target: float
) -> None:
    found = audit_probabilities(base, expected, target)
    assert found.keys() == expected.keys()
    for name, pi in found.items():
        assert base <= pi <= 1
        assert pi == 1 or pi * expected[name] >= target * (1 - 1e-9)


def test_a_large_group_is_audited_as_if_there_were_no_groups() -> None:
    found = audit_probabilities(0.05, {"large": 8000, "small": 400, "tiny": 12, "none": 0})
    assert found == {"large": 0.05, "small": TARGET / 400, "tiny": 1.0, "none": 1.0}


def test_an_audit_that_is_off_stays_off() -> None:
    assert audit_probabilities(0, {"a": 10}) == {"a": 0}


def test_estimates_that_weigh_by_the_inverse_are_right() -> None:
    rng = np.random.default_rng(3)
    rates, volumes = {"large": 0.02, "small": 0.4}, {"large": 19_000, "small": 1000}
    pi = audit_probabilities(0.05, volumes)
    estimates = []
    for _ in range(200):
        total = 0.0
        for name, n in volumes.items():
            audited = rng.random(n) < pi[name]
            total += float((rng.random(n) < rates[name])[audited].sum()) / pi[name]
        estimates.append(total / 20_000)
    assert np.mean(estimates) == pytest.approx((0.02 * 19 + 0.4) / 20, abs=0.002)


@pytest.mark.parametrize(
    ("base", "expected", "target"), [(1.1, {}, 1), (0.1, {"a": -1.0}, 1), (0.1, {}, -1)]
)
def test_what_cannot_be_a_number_of_images_is_refused(
    base: float, expected: dict[str, float], target: float
) -> None:
    with pytest.raises(SettingsError):
        audit_probabilities(base, expected, target)
