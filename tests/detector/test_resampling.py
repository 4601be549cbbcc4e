"""All resamples at once against one resample at a time, and intervals that cover."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score, roc_auc_score

from review_app.lab.metrics import intervals, negative_log_likelihood, replicates
from review_app.lab.reliability import (
    consistency_band,
    expected_calibration_error,
    reliability_bins,
)
from review_app.lab.resampling import Resamples, interval
from review_app.lab.selective import risk_coverage

images = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=30)


@settings(deadline=None, max_examples=60)
@given(images)
def test_each_resample_has_the_metrics_of_its_images(rows: list[tuple[int, bool]]) -> None:
    p_fake = np.array([value / 8 for value, _ in rows])
    is_fake = np.array([label for _, label in rows])
    called, doubt = p_fake >= 0.5, np.minimum(p_fake, 1 - p_fake)
    resamples = Resamples(is_fake, 3, samples=7)
    drawn = replicates(resamples, p_fake, called, is_fake, doubt)
    counts = np.concatenate(list(resamples.blocks()))
    for at, row in enumerate(counts):
        take = np.repeat(np.arange(len(rows)), row.astype(int))
        p, y, c, wrong = p_fake[take], is_fake[take], called[take], (called != is_fake)[take]
        assert y.sum() == is_fake.sum()
        assert drawn["accuracy"][at] == pytest.approx(1 - wrong.mean())
        assert drawn["brier"][at] == pytest.approx(brier_score_loss(y, p, pos_label=True))
        assert drawn["nll"][at] == pytest.approx(negative_log_likelihood(p, y))
        assert drawn["ece"][at] == pytest.approx(expected_calibration_error(p, y))
        curve = risk_coverage(doubt[take], wrong)
        assert drawn["aurc"][at] == pytest.approx(curve.aurc)
        kept = len(rows) - round(0.2 * len(rows))
        assert drawn["accuracy_kept_80"][at] == pytest.approx(1 - curve.selective_risk[kept - 1])
        if c.any() or y.any():
            assert drawn["f1"][at] == pytest.approx(f1_score(y, c))
        if 0 < y.sum() < len(y):
            assert drawn["auroc"][at] == pytest.approx(roc_auc_score(y, p))
            assert drawn["average_precision"][at] == pytest.approx(average_precision_score(y, p))
        if 0 < wrong.sum() < len(wrong):
            assert drawn["error_auroc"][at] == pytest.approx(roc_auc_score(wrong, doubt[take]))
        else:
            assert np.isnan(drawn["error_auroc"][at])


def test_the_same_seed_draws_the_same_resamples_whatever_the_score() -> None:
    strata = np.arange(5000) % 3 == 0
    once, again = (list(Resamples(strata, 4, samples=120).blocks()) for _ in range(2))
    assert len(once) > 1
    assert all((a == b).all() for a, b in zip(once, again, strict=True))
    assert sum(len(block) for block in once) == 120
    assert all((block[:, strata].sum(axis=1) == strata.sum()).all() for block in once)


def test_what_is_never_defined_has_no_interval() -> None:
    assert interval(np.array([np.nan, np.nan])) is None
    assert interval(np.array([np.nan, 1.0])) == [1.0, 1.0]


def test_a_calibrated_model_is_inside_the_band_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside = []
    for seed in range(300):
        p_fake = rng.beta(0.8, 0.8, 300)
        ece = expected_calibration_error(p_fake, rng.random(300) < p_fake)
        low, high = consistency_band(p_fake, seed=seed, samples=400)
        inside.append(low <= ece <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.04)
    sharper = np.where(p_fake < 0.5, p_fake / 4, 1 - (1 - p_fake) / 4)
    assert (
        expected_calibration_error(sharper, rng.random(300) < p_fake)
        > consistency_band(sharper, seed=1)[1]
    )


def test_reliability_bins_add_up_to_the_calibration_error() -> None:
    rng = np.random.default_rng(2)
    p_fake = np.round(rng.random(503), 2)
    is_fake = rng.random(503) < p_fake
    bins = reliability_bins(p_fake, is_fake, seed=1)
    assert [each["n"] for each in bins] == [51] * 3 + [50] * 7
    total = sum(each["n"] * abs(each["p_fake"] - each["rate"]) for each in bins) / 503
    assert total == pytest.approx(expected_calibration_error(p_fake, is_fake))
    assert all(0 <= each["band"][0] <= each["band"][1] <= 1 for each in bins)
    assert len(reliability_bins(p_fake[:3], is_fake[:3], seed=1)) == 3


def test_the_interval_of_the_calibration_error_makes_up_for_what_repeats_add() -> None:
    drawn = {"ece": np.linspace(0.02, 0.06, 1001), "brier": np.linspace(0.1, 0.2, 1001)}
    found = intervals(drawn, 0.03)
    assert found["ece"] == pytest.approx([0.001, 0.039])
    assert intervals(drawn, 0.02)["ece"] == pytest.approx([0.0, 0.019])
    assert found["brier"] == pytest.approx([0.1025, 0.1975])
