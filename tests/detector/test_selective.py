"""Risk-coverage areas against hand-computed values, identities and brute force over ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from review_app.lab.selective import rejected, risk_coverage

images = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=30)


def test_areas_of_four_images_by_hand() -> None:
    # Accepted in turn: right, wrong, right, wrong → risks 0, 1/2, 1/3, 1/2; best 0, 0, 1/3, 1/2.
    curve = risk_coverage(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, True, False, True]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert curve.aurc == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert curve.eaurc == pytest.approx((1 / 2) / 4)
    assert curve.augrc == pytest.approx((0.5 * 0 + 1 + 1 + 0.5 * 2) / 4 / 4)


@settings(deadline=None)
@given(images)
def test_augrc_is_what_accuracy_and_error_auroc_make_it(rows: list[tuple[int, bool]]) -> None:
    doubt = np.array([float(value) for value, _ in rows])
    wrong = np.array([error for _, error in rows])
    accuracy = 1 - wrong.mean()
    auroc = roc_auc_score(wrong, doubt) if 0 < wrong.sum() < len(wrong) else 1.0
    expected = (1 - auroc) * accuracy * (1 - accuracy) + (1 - accuracy) ** 2 / 2
    assert risk_coverage(doubt, wrong).augrc == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.booleans()), min_size=1, max_size=6))
def test_ties_count_as_the_average_over_all_their_orders(rows: list[tuple[int, bool]]) -> None:
    doubt = np.array([float(value) for value, _ in rows])
    wrong = np.array([error for _, error in rows])
    areas = [
        (np.cumsum(wrong[list(order)]) / np.arange(1, len(rows) + 1)).mean()
        for order in permutations(range(len(rows)))
        if (np.diff(doubt[list(order)]) >= 0).all()
    ]
    assert risk_coverage(doubt, wrong).aurc == pytest.approx(float(np.mean(areas)), abs=1e-12)


@settings(deadline=None)
@given(images)
def test_no_order_beats_the_best_and_a_monotone_change_of_scale_changes_nothing(
    rows: list[tuple[int, bool]],
) -> None:
    doubt = np.array([float(value) for value, _ in rows])
    wrong = np.array([error for _, error in rows])
    curve = risk_coverage(doubt, wrong)
    assert curve.eaurc >= -1e-12
    assert risk_coverage(np.exp(doubt) - 5, wrong).aurc == curve.aurc
    assert risk_coverage(wrong.astype(float), wrong).eaurc == pytest.approx(0, abs=1e-12)


def test_rejecting_takes_the_most_uncertain() -> None:
    assert rejected(np.array([0.3, 0.9, 0.1, 0.5]), 0.5).tolist() == [False, True, False, True]
    assert not rejected(np.zeros(9), 0.0).any()
    assert rejected(np.zeros(10), 0.2).sum() == 2
