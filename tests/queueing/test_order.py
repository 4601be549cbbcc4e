"""Orders of the queue: what comes first, and that an audited image's place tells nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from review_app.core.errors import InputError
from review_app.policy.costs import Costs
from review_app.queueing.order import (
    borrowed,
    epig,
    learning_worth,
    placed,
    race,
    race_inclusion,
    race_weights,
    raced_chances,
    risk_worth,
    timed,
)

COSTS = Costs(missed_fake=10, false_alarm=10, reviewer_minute=1)


def test_the_riskiest_image_comes_first() -> None:
    ranks = placed(risk_worth([0.02, 0.5, 0.9], [False] * 3, COSTS, 10))
    assert np.argsort(ranks).tolist() == [1, 2, 0]


def test_what_is_unlike_training_is_as_risky_as_a_coin() -> None:
    worth = risk_worth([0.0, 0.5], [True, False], COSTS, 10)
    assert worth[0] == worth[1]


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=50))
def test_places_keep_the_order_of_worth_and_stay_apart_from_times(worth: list[float]) -> None:
    ranks = placed(worth)
    assert ((ranks > -2.000001) & (ranks < -0.99)).all()
    order = np.argsort(-np.asarray(worth), kind="stable")
    assert (np.diff(ranks[order]) >= 0).all()


def test_places_by_time_keep_the_order_of_moments_and_stay_below_zero() -> None:
    ranks = timed([1.7e9, 1.7e9 + 0.001, 4e9])
    assert (np.diff(ranks) > 0).all()
    assert ((ranks > -1) & (ranks < 0)).all()


def _mutual_information(p: np.ndarray, q: np.ndarray) -> float:
    """By the definition, one pair at a time."""
    total = 0.0
    for a in (p, 1 - p):
        for b in (q, 1 - q):
            joint = float((a * b).mean())
            if joint:
                total += joint * np.log(joint / (a.mean() * b.mean()))
    return total


def test_epig_is_the_mean_mutual_information_with_the_targets() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.random((30, 5)), rng.random((30, 7))
    wanted = [np.mean([_mutual_information(a, b) for b in q.T]) for a in p.T]
    np.testing.assert_allclose(epig(p, q), wanted, atol=1e-12)


def test_an_image_the_model_has_settled_teaches_nothing() -> None:
    rng = np.random.default_rng(0)
    settled = np.tile([0.5, 0.9, 0.0, 1.0], (30, 1))
    np.testing.assert_allclose(epig(settled, rng.random((30, 7))), 0, atol=1e-12)


def test_draws_that_do_not_match_are_refused() -> None:
    for p, q in (((3, 2), (4, 2)), ((3, 2), (3, 0))):
        with pytest.raises(InputError, match="do not match"):
            epig(np.zeros(p), np.zeros(q))


def test_learning_prefers_doubt_that_the_stream_shares() -> None:
    """BALD would put the odd image first: its own doubt is the largest."""
    rng = np.random.default_rng(1)
    stream = (rng.uniform(0.3, 0.7, 64), np.full(64, 0.1), rng.normal(0, 0.3, 64))
    settled, typical, odd = learning_worth([0.5, 0.5, 0.5], [0.0, 0.1, 0.2], [0, 0, 9], stream)
    assert typical > 3 * odd
    assert odd >= settled == pytest.approx(0, abs=1e-9)


def test_the_learning_order_is_the_same_each_time_and_for_each_batch() -> None:
    rng = np.random.default_rng(2)
    p, std, z = rng.random(20), rng.uniform(0, 0.2, 20), rng.normal(size=20)
    stream = (p[:8], std[:8], z[:8])
    whole = learning_worth(p, std, z, stream)
    parts = [learning_worth(p[i : i + 1], std[i : i + 1], z[i : i + 1], stream) for i in range(20)]
    np.testing.assert_allclose(whole, np.concatenate(parts), atol=1e-12)
    assert np.isfinite(learning_worth([0.0, 1.0], [0.5, 0.5], [0, 50], stream)).all()


def test_audited_images_are_spread_like_the_others() -> None:
    rng = np.random.default_rng(3)
    others, sure = rng.normal(5, 1, 4000), rng.normal(-5, 1, 4000)
    hidden = np.arange(8000) >= 4000
    worth = borrowed(np.concatenate([others, sure]), hidden, others, rng.random(8000))
    assert (worth[:4000] == others).all()
    assert ks_2samp(worth[hidden], worth[~hidden]).pvalue > 0.01


def test_audited_images_share_a_place_where_nothing_else_waits() -> None:
    worth = borrowed([3.0, -7.0], [True, True], [], [0.1, 0.9])
    assert worth.tolist() == [0, 0]


def test_in_a_race_the_heavier_image_comes_first_as_often_as_it_is_heavier() -> None:
    coins = np.random.default_rng(3).random((20_000, 3))
    ran = race([1.0, 2.0, 5.0], coins)
    first = np.bincount(ran.argmax(axis=1), minlength=3) / len(coins)
    assert first == pytest.approx([1 / 8, 2 / 8, 5 / 8], abs=0.015)
    assert np.isfinite(race([1.0, 1e-9], [0.0, 1 - 2**-53])).all()


def test_labels_of_a_race_weighed_by_their_probability_tell_of_all_images() -> None:
    rng = np.random.default_rng(5)
    worth = rng.gamma(0.5, size=300)
    value = (worth > 0.4).astype(float)  # what is looked for first is unlike the rest
    weights = race_weights(worth, 0.2, worth.mean())
    told, plain = [], []
    for _ in range(400):
        ran = race(weights, rng.random(300))
        order = np.argsort(-ran)
        chosen = order[:60]
        probability = race_inclusion(weights[chosen], ran[order[60]])
        told.append((value[chosen] / probability).sum() / 300)
        plain.append(value[chosen].mean())
    error = np.std(told) / 20
    assert abs(np.mean(told) - value.mean()) < 4 * error
    assert np.mean(plain) - value.mean() > 10 * error


def test_chance_has_its_share_and_alone_it_is_all() -> None:
    assert race_weights([0.0, 3.0], 0.2, 1.0).tolist() == pytest.approx([0.2, 2.6])
    assert race_weights([0.0, 3.0], 1.0, 1.0).tolist() == [1.0, 1.0]
    assert race_weights([0.0, 0.0], 0.2, 0.0).tolist() == pytest.approx([1.0, 1.0])


def test_ranks_and_coins_tell_with_which_chance_an_image_came() -> None:
    rng = np.random.default_rng(9)
    weights, coins = race_weights(rng.gamma(0.5, size=400), 0.2, 0.5), rng.random(400)
    ranks = placed(race(weights, coins))
    first = np.argsort(ranks)[:100]
    found = raced_chances(ranks[first], coins[first])
    reached = np.quantile(race(weights, coins)[first], 0.05)
    late = race(weights, coins)[first] < reached
    expected = race_inclusion(weights[first], reached)
    assert found[~late] == pytest.approx(expected[~late], rel=1e-6)
    assert (found[late] >= expected[late]).all()
    assert raced_chances([], []).size == 0
