"""Paired tests against brute force, known values and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from review_app.inference.heads.base import Labels
from review_app.lab.comparison import (
    Contender,
    Float64,
    compare_all,
    delong,
    holm,
    paired_difference,
)
from review_app.lab.metrics import replicates
from review_app.lab.resampling import Resamples


def two_scores(n: int, seed: int, lead: float = 0.0) -> tuple[Float64, Float64, Labels]:
    """Two noisy views of one truth; the first is better by ``lead``."""
    rng = np.random.default_rng(seed)
    is_fake = rng.random(n) < 0.4
    shared = rng.normal(size=n) + is_fake
    first = shared + lead * is_fake + 0.7 * rng.normal(size=n)
    return first, shared + 0.7 * rng.normal(size=n), is_fake


def by_pairs(score: Float64, is_fake: Labels) -> tuple[Float64, Float64]:
    """DeLong's structural components by counting all pairs."""
    up, down = score[is_fake][:, None], score[~is_fake][None, :]
    wins = (up > down) + 0.5 * (up == down)
    return wins.mean(axis=1), wins.mean(axis=0)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=4, max_size=40
    )
)
def test_delong_is_what_counting_every_pair_gives(rows: list[tuple[int, int, bool]]) -> None:
    first, second = (np.array([float(row[at]) for row in rows]) for at in (0, 1))
    is_fake = np.array([row[2] for row in rows])
    test = delong(first, second, is_fake)
    if min(is_fake.sum(), (~is_fake).sum()) < 2:
        assert test is None
        return
    assert test is not None
    (a10, a01), (b10, b01) = by_pairs(first, is_fake), by_pairs(second, is_fake)
    variance = np.var(a10 - b10, ddof=1) / len(a10) + np.var(a01 - b01, ddof=1) / len(a01)
    assert test.difference == pytest.approx(
        roc_auc_score(is_fake, first) - roc_auc_score(is_fake, second), abs=1e-12
    )
    assert test.standard_error == pytest.approx(np.sqrt(variance), abs=1e-9)
    mirrored = delong(second, first, is_fake)
    assert mirrored is not None
    assert mirrored.difference == pytest.approx(-test.difference, abs=1e-12)
    assert mirrored.p_value == pytest.approx(test.p_value, abs=1e-9)


def test_the_same_scores_do_not_differ() -> None:
    first, _, is_fake = two_scores(100, 1)
    test = delong(first, np.exp(first), is_fake)
    assert test is not None
    assert (test.difference, test.p_value, test.z) == (0.0, 1.0, None)


def test_delong_rejects_as_often_as_it_says_and_its_interval_covers() -> None:
    p_values, covered = [], []
    truth = np.mean([_difference(two_scores(4000, 10_000 + s, 0.3)) for s in range(60)])
    for seed in range(600):
        equal = delong(*two_scores(200, seed))
        better = delong(*two_scores(200, 5000 + seed, 0.3))
        assert equal is not None
        assert better is not None
        p_values.append(equal.p_value)
        covered.append(better.low <= truth <= better.high)
    # Three standard errors of a share at 600 simulations.
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.027)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.027)


def test_the_paired_bootstrap_agrees_with_delong() -> None:
    first, second, is_fake = two_scores(800, 3, 0.25)
    contenders = [_contender(score, is_fake) for score in (first, second)]
    test = delong(first, second, is_fake)
    paired = paired_difference(
        (float(roc_auc_score(is_fake, first)), float(roc_auc_score(is_fake, second))),
        (contenders[0].drawn["auroc"], contenders[1].drawn["auroc"]),
    )
    assert test is not None
    assert paired is not None
    assert paired.difference == pytest.approx(test.difference, abs=1e-9)
    assert (paired.low, paired.high) == pytest.approx((test.low, test.high), abs=0.006)
    assert paired.p_value < 0.05


def test_a_difference_that_is_never_defined_is_none() -> None:
    nothing = np.full(10, np.nan)
    assert paired_difference((0.1, 0.2), (nothing, nothing)) is None
    assert delong(np.arange(3.0), np.arange(3.0), np.array([True, False, False])) is None


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_all_pairs_are_compared_and_corrected_together() -> None:
    first, second, is_fake = two_scores(300, 4, 0.5)
    third = np.random.default_rng(9).normal(size=300)
    scores = {"good": first, "fair": second, "chance": third}
    table = compare_all({n: _contender(s, is_fake) for n, s in scores.items()}, is_fake)
    assert [(row["first"], row["second"]) for row in table] == [
        ("good", "fair"), ("good", "chance"), ("fair", "chance"),
    ]  # fmt: skip
    for metric in ("auroc", "aurc", "accuracy", "error_auroc"):
        raw = [row[metric]["p_value"] for row in table]
        assert [row[metric]["p_holm"] for row in table] == pytest.approx(holm(raw))
    assert table[1]["auroc"]["p_holm"] < 1e-6
    assert table[1]["aurc"]["high"] < 0 < table[1]["accuracy"]["low"]


def _difference(case: tuple[Float64, Float64, Labels]) -> float:
    first, second, is_fake = case
    return float(roc_auc_score(is_fake, first) - roc_auc_score(is_fake, second))


def _contender(score: Float64, is_fake: Labels) -> Contender:
    p_fake = 1 / (1 + np.exp(0.5 - score))
    called = p_fake >= 0.5
    doubt = np.minimum(p_fake, 1 - p_fake)
    drawn = replicates(Resamples(is_fake, 1), p_fake, called, is_fake, doubt)
    return Contender(score, {name: float(np.mean(v)) for name, v in drawn.items()}, drawn)
