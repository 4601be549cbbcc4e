"""Differences of two detectors on the same labelled images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from review_app.core.errors import InputError
from review_app.lab.comparison import delong
from review_app.learning.comparison import HeldOut, ScoreColumns, auroc_difference, compare

RNG_SEED = 7


def draw(
    n: int,
    champion: float,
    challenger: float,
    *,
    correlation: float = 0.8,
    seed: int = RNG_SEED,
    weights: np.ndarray | None = None,
    sources: np.ndarray | None = None,
) -> HeldOut:
    """Paired binormal scores with these AUROCs; every second image is fake."""
    rng = np.random.default_rng(seed)
    is_fake = np.arange(n) % 2 == 0
    noise = rng.standard_normal((n, 2))
    noise[:, 1] = correlation * noise[:, 0] + np.sqrt(1 - correlation**2) * noise[:, 1]
    means = np.sqrt(2) * ndtri(np.array([champion, challenger]))
    p = ndtr(noise + np.where(is_fake[:, None], means, 0) - means / 2)
    old, new = (ScoreColumns(p[:, at], p[:, at]) for at in (0, 1))
    parts = {} if sources is None else {"source": sources}
    return HeldOut(old, new, is_fake, np.ones(n) if weights is None else weights, parts)


def test_equal_weights_are_delong_to_the_digit() -> None:
    data = draw(301, 0.8, 0.85)
    expected = delong(data.challenger.p_fake, data.champion.p_fake, data.is_fake)
    found = auroc_difference(data)
    assert expected is not None
    assert found.difference == pytest.approx(expected.difference, abs=1e-12)
    assert found.error == pytest.approx(expected.standard_error, rel=1e-9)
    thrice = auroc_difference(draw(301, 0.8, 0.85, weights=np.full(301, 3.0)))
    assert thrice.error == pytest.approx(found.error, rel=1e-9)


def test_a_weight_counts_as_that_many_images() -> None:
    rng = np.random.default_rng(1)
    data = draw(120, 0.75, 0.8, weights=rng.integers(1, 5, 120).astype(float))
    at = np.repeat(np.arange(120), data.weights.astype(int))
    old, new = (
        ScoreColumns(each.p_fake[at], each.score[at]) for each in (data.champion, data.challenger)
    )
    repeated = HeldOut(old, new, data.is_fake[at], np.ones(len(at)), {})
    one, other = auroc_difference(data), auroc_difference(repeated)
    assert one.difference == pytest.approx(other.difference, abs=1e-12)
    assert one.effective < other.effective
    assert one.error is not None
    assert other.error is not None
    assert one.error > other.error, "labels with weights tell less than that many labels"
    weighed, counted = compare(data), compare(repeated)
    for first, second in zip(weighed.metrics, counted.metrics, strict=True):
        assert first.name == second.name
        assert first.difference == pytest.approx(second.difference, abs=1e-3), first.name


@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_hold_as_often_as_they_say(skewed: bool) -> None:
    true, held, runs = 0.04, 0, 300
    for seed in range(runs):
        weights = np.random.default_rng(seed).choice([1.0, 10.0], 400) if skewed else None
        found = auroc_difference(draw(400, 0.8, 0.84, seed=seed, weights=weights))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
    assert 0.92 * runs <= held <= 0.98 * runs


def test_the_more_parts_are_told_the_wider_is_each() -> None:
    n = 800
    two = np.array(["a", "b"])[np.arange(n) // 2 % 2]
    eight = np.array(list("abcdefgh"))[np.arange(n) // 2 % 8]
    first, second = (compare(draw(n, 0.8, 0.8, sources=s), samples=0).parts for s in (two, eight))
    assert [part.name for part in first] == ["a", "b"]
    assert len(second) == 8

    def reach(part: object) -> float:
        low, high = part.low, part.high  # type: ignore[attr-defined]
        return float((high - low) / 2 / part.error)  # type: ignore[attr-defined]

    assert reach(first[0]) > 2.2
    assert reach(second[0]) > 2.7


def test_a_single_part_or_few_images_tell_nothing_apart() -> None:
    everything = compare(draw(60, 0.8, 0.8, sources=np.full(60, "a")), samples=0)
    assert everything.parts == ()
    sources = np.array(["many"] * 52 + ["few"] * 8)
    few = {part.name: part for part in compare(draw(60, 0.8, 0.8, sources=sources)).parts}
    assert few["few"].difference is not None
    assert few["few"].low is None
    assert few["many"].low is not None


def test_one_class_alone_or_nothing_at_all_is_no_error() -> None:
    data = draw(40, 0.8, 0.8)
    for chosen in (data.is_fake, ~data.is_fake & data.is_fake):
        found = compare(data.take(chosen))
        assert found.overall.difference is None
        assert found.metrics == ()


def test_the_same_scores_differ_in_nothing() -> None:
    data = draw(100, 0.8, 0.8, correlation=1.0)
    found = compare(data, samples=100)
    assert (found.overall.difference, found.overall.low, found.overall.high) == (0, 0, 0)
    assert {metric.name for metric in found.metrics} == {
        *("brier", "nll", "aurc", "risk_80", "risk_50")
    }
    assert all(metric.difference == 0 for metric in found.metrics)


def test_what_does_not_belong_together_is_refused() -> None:
    data = draw(10, 0.8, 0.8)
    with pytest.raises(InputError, match="different lengths"):
        HeldOut(data.champion, data.challenger, data.is_fake, np.ones(9), {})
    with pytest.raises(InputError, match="cannot be weighed"):
        HeldOut(data.champion, data.challenger, data.is_fake, np.zeros(10), {})
