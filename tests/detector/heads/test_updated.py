"""A head changed by labels: the head before where they say nothing, and honest doubt elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from review_app.inference.heads import HeadPrediction, Matrix
from review_app.inference.heads.updated import UpdatedHead, UpdateProblem, UpdateTraining
from review_app.inference.model import beside

N, WIDTH = 300, 40


@pytest.fixture(scope="module")
def told() -> Matrix:
    return np.random.default_rng(1).standard_normal((N, WIDTH)).astype(np.float32)


@pytest.fixture(scope="module")
def before(told: Matrix) -> HeadPrediction:
    p = expit(np.random.default_rng(2).normal(0, 2, N))
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    return HeadPrediction(p, 0.05 * np.ones(N), entropy, 0.01 * np.ones(N))


@pytest.fixture(scope="module")
def rows(told: Matrix, before: HeadPrediction) -> Matrix:
    return beside(told, before)


def drawn(p: np.ndarray, seed: int) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).random(len(p)) < p)


def test_a_strong_prior_leaves_the_head_before(rows: Matrix, before: HeadPrediction) -> None:
    head = UpdateTraining(prior_precision=1e9).fit(rows, drawn(before.p_fake, 3), seed=0)
    says = head.predict(rows)
    assert np.abs(says.p_fake - before.p_fake).max() < 1e-3
    # The delta method is exact where the spread is small.
    certain = before.p_fake * (1 - before.p_fake) > 0.1
    assert says.std[certain] == pytest.approx(before.std[certain], rel=0.1)


def test_labels_that_agree_with_the_head_before_hardly_change_it(
    rows: Matrix, before: HeadPrediction
) -> None:
    head = UpdateTraining().fit(rows, drawn(before.p_fake, 4), seed=0)
    assert np.abs(head.predict(rows).p_fake - before.p_fake).mean() < 0.1
    assert head.facts["prior_precision"] > 100


def test_labels_that_say_otherwise_change_it(rows: Matrix, before: HeadPrediction) -> None:
    truth = expit(np.log(before.p_fake / (1 - before.p_fake)) + 2 * rows[:, 0] + 1)
    head = UpdateTraining().fit(rows, drawn(truth, 5), seed=0)
    gap = np.abs(head.predict(rows).p_fake - truth).mean()
    assert gap < 0.6 * np.abs(before.p_fake - truth).mean()


def test_draws_have_the_mean_and_spread_of_the_prediction(rows: Matrix) -> None:
    certain = rows.copy()
    certain[:, -1] = 0
    truth = expit(certain[:, 0] * 2)
    head = UpdateTraining(tolerance=0.0).fit(certain, drawn(truth, 6), seed=0)
    draws, says = head.draws(certain[:50], 20_000, seed=1), head.predict(certain[:50])
    assert np.abs(draws.mean(axis=0) - says.p_fake).max() < 0.01
    assert np.abs(draws.std(axis=0) - says.std).max() < 0.01


def test_unequal_weights_count_as_their_effective_number(rows: Matrix) -> None:
    labels = drawn(expit(2 * rows[:, 0]), 7)
    weights = np.where(np.arange(N) % 10 == 0, 20.0, 1.0)
    training = UpdateTraining(prior_precision=50.0)
    even = training.fit(rows, labels, seed=0).predict(rows)
    uneven = training.fit(rows, labels, seed=0, weights=weights / weights.mean()).predict(rows)
    assert uneven.mutual_information.mean() > even.mutual_information.mean()


def test_few_directions_only_raise_the_doubt(rows: Matrix) -> None:
    labels = drawn(expit(2 * rows[:, 0]), 8)

    def fitted(directions: int) -> UpdatedHead:
        training = UpdateTraining(prior_precision=50.0, directions=directions, tolerance=0.0)
        return UpdateProblem(rows, training, 0).fit(np.arange(N), labels, None)

    some, whole = fitted(10).predict(rows), fitted(WIDTH).predict(rows)
    assert some.mutual_information.mean() > whole.mutual_information.mean()
