"""Metrics against scikit-learn and hand-computed values; undefined ones are null, never NaN."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.special import logit
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

from review_app.inference.heads import HeadPrediction
from review_app.inference.heads.numerics import certain
from review_app.lab.choices import best_thresholds, threshold_grids
from review_app.lab.metrics import (
    auroc_interval,
    classification,
    further_metrics,
    head_metrics,
)
from review_app.lab.reliability import expected_calibration_error

CONTRACT = {
    "auroc", "accuracy", "f1", "precision", "recall", "brier", "nll", "ece", "threshold",
    "std_correct", "std_wrong", "uncertainty_gap", "error_auroc", "aurc", "eaurc", "augrc",
    "reject",
}  # fmt: skip


def scores(n: int, seed: int) -> tuple[HeadPrediction, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    rng = np.random.default_rng(seed)
    p_fake = rng.random(n)
    is_fake = rng.random(n) < p_fake
    zero = np.zeros(n)
    return HeadPrediction(p_fake, rng.random(n) * p_fake, zero, zero), is_fake


def test_the_metrics_agree_with_scikit_learn() -> None:
    prediction, is_fake = scores(500, 1)
    called = prediction.p_fake >= 0.4
    metrics = head_metrics(prediction, is_fake, 0.4, has_std=True)
    assert set(metrics) == CONTRACT
    assert metrics["auroc"][0] == pytest.approx(
        roc_auc_score(is_fake, prediction.p_fake), abs=1e-12
    )
    assert metrics["accuracy"] == accuracy_score(is_fake, called)
    assert metrics["f1"] == pytest.approx(f1_score(is_fake, called))
    assert metrics["precision"] == precision_score(is_fake, called)
    assert metrics["recall"] == recall_score(is_fake, called)
    assert metrics["brier"] == pytest.approx(brier_score_loss(is_fake, prediction.p_fake))
    assert metrics["nll"] == pytest.approx(log_loss(is_fake, prediction.p_fake))
    wrong = called != is_fake
    assert metrics["error_auroc"] == pytest.approx(roc_auc_score(wrong, prediction.std), abs=1e-12)
    gap = prediction.std[wrong].mean() - prediction.std[~wrong].mean()
    assert metrics["uncertainty_gap"] == pytest.approx(gap)
    assert metrics["reject"][0] == {
        "rate": 0.0, "accuracy": metrics["accuracy"], "f1": metrics["f1"],
    }  # fmt: skip
    assert [row["rate"] for row in metrics["reject"]] == [0.0, 0.05, 0.1, 0.2]


def test_a_head_without_std_is_ranked_by_its_confidence() -> None:
    prediction, is_fake = scores(400, 2)
    plain = certain(logit(prediction.p_fake))
    metrics = head_metrics(plain, is_fake, 0.5, has_std=False)
    wrong = (prediction.p_fake >= 0.5) != is_fake
    doubt = 1 - np.maximum(prediction.p_fake, 1 - prediction.p_fake)
    assert metrics["error_auroc"] == pytest.approx(roc_auc_score(wrong, doubt), abs=1e-12)
    assert metrics["std_correct"] is metrics["std_wrong"] is metrics["uncertainty_gap"] is None


def test_the_interval_holds_the_value_and_is_as_wide_as_theory_says() -> None:
    prediction, is_fake = scores(786, 3)
    value, low, high = auroc_interval(prediction.p_fake, is_fake, seed=1) or [0, 0, 0]
    assert low < value < high
    # Hanley & McNeil 1982.
    n, m = int(is_fake.sum()), int((~is_fake).sum())
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (n - 1) * (q1 - value**2) + (m - 1) * (q2 - value**2)
    expected = 2 * 1.96 * (variance / (n * m)) ** 0.5
    assert high - low == pytest.approx(expected, rel=0.15)
    assert auroc_interval(prediction.p_fake, is_fake, seed=1) == [value, low, high]


def test_calibration_error_by_hand() -> None:
    # Ten bins of two images each; in the first five the rate is .5 against p = .3, then it fits.
    p_fake = np.repeat([0.3, 0.5], 10)
    is_fake = np.tile([True, False], 10)
    assert expected_calibration_error(p_fake, is_fake) == pytest.approx(0.1)
    assert expected_calibration_error(p_fake[:10], np.ones(10, bool)) == pytest.approx(0.7)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=25), st.booleans())
def test_every_metric_is_json_for_any_scores_and_labels(
    rows: list[tuple[float, bool]], has_std: bool
) -> None:
    p_fake = np.array([p for p, _ in rows])
    is_fake = np.array([label for _, label in rows])
    zero = np.zeros_like(p_fake)
    prediction = HeadPrediction(p_fake, p_fake / 3, zero, zero)
    metrics = head_metrics(prediction, is_fake, 0.5, has_std=has_std)
    json.dumps(metrics, allow_nan=False)
    assert set(metrics) == CONTRACT


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=25))
def test_no_threshold_is_better_than_the_chosen_one(rows: list[tuple[int, bool]]) -> None:
    p_fake = np.array([p / 9 for p, _ in rows])
    is_fake = np.array([label for _, label in rows])
    assume(is_fake.any() and not is_fake.all())
    inner = (np.unique(p_fake)[1:] + np.unique(p_fake)[:-1]) / 2

    def merit(rule: str, threshold: float) -> float:
        called = p_fake >= threshold
        found = classification(called, is_fake) | further_metrics(called, p_fake, is_fake)
        return float(found[rule] or 0)

    for rule, threshold in best_thresholds(p_fake, is_fake).items():
        tried = [merit(rule, each) for each in [*inner, 0.5]]
        assert merit(rule, threshold) >= max(tried) - 1e-9


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_threshold_grids_stay_on_their_side_and_run_from_conservative_to_lax(
    values: list[float],
) -> None:
    sides = threshold_grids(np.array(values))
    assert all(t > 0.5 for t in sides.fake.thresholds)
    assert all(t < 0.5 for t in sides.real.thresholds)
    assert list(sides.fake.thresholds) == sorted(sides.fake.thresholds, reverse=True)
    assert list(sides.real.thresholds) == sorted(sides.real.thresholds)
    for side in (sides.fake, sides.real):
        assert list(side.acceptance) == sorted(side.acceptance)
        assert len(side.thresholds) == len(side.acceptance) <= 20


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=25))
def test_further_metrics_agree_with_scikit_learn_or_are_null(
    rows: list[tuple[float, bool]],
) -> None:
    p_fake = np.array([p for p, _ in rows])
    is_fake = np.array([label for _, label in rows])
    called = p_fake >= 0.5
    found = further_metrics(called, p_fake, is_fake)
    json.dumps(found, allow_nan=False)
    if 0 < is_fake.sum() < len(is_fake):
        assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(is_fake, called))
        assert found["average_precision"] == pytest.approx(average_precision_score(is_fake, p_fake))
    if found["mcc"] is not None:
        assert found["mcc"] == pytest.approx(matthews_corrcoef(is_fake, called))
