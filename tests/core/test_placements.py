"""The AUROC and what it is a mean of, against scikit-learn and against images in so many copies."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from review_app.core.placements import auroc, placements

RNG = np.random.default_rng(0)
POSITIVE = RNG.random(200) < 0.4
SCORE = np.round(RNG.normal(POSITIVE, 1), 1)
TIMES = RNG.integers(1, 5, 200)


def test_it_is_scikit_learns_with_ties_and_weights() -> None:
    assert len(np.unique(SCORE)) < len(SCORE)
    assert auroc(SCORE, POSITIVE) == pytest.approx(roc_auc_score(POSITIVE, SCORE), abs=1e-12)
    weighed = roc_auc_score(POSITIVE, SCORE, sample_weight=TIMES)
    assert auroc(SCORE, POSITIVE, TIMES.astype(float)) == pytest.approx(weighed, abs=1e-12)
    assert auroc(SCORE, np.ones(200, np.bool_)) is None
    assert auroc(SCORE, POSITIVE, np.where(POSITIVE, 0.0, 1.0)) is None


def test_a_weight_of_two_is_the_image_twice() -> None:
    often = np.repeat(np.arange(200), TIMES)
    above, below = placements(SCORE, POSITIVE, TIMES.astype(float))
    each = placements(SCORE[often], POSITIVE[often])
    np.testing.assert_allclose(np.repeat(above, TIMES[POSITIVE]), each[0], atol=1e-12)
    np.testing.assert_allclose(np.repeat(below, TIMES[~POSITIVE]), each[1], atol=1e-12)
    found = auroc(SCORE, POSITIVE, TIMES.astype(float))
    assert np.average(above, weights=TIMES[POSITIVE]) == pytest.approx(found, abs=1e-12)
    assert np.average(below, weights=TIMES[~POSITIVE]) == pytest.approx(found, abs=1e-12)
