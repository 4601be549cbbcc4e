"""What is advised, and why."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.learning.comparison import compare
from review_app.learning.recommendation import (
    MATTERS,
    Advice,
    Ground,
    labels_for,
    recommend,
)
from tests.learning.test_comparison import draw


def test_a_better_challenger_is_promoted_and_a_worse_one_is_not() -> None:
    better = recommend(compare(draw(1000, 0.85, 0.9), samples=0))
    assert (better.advice, better.ground) == (Advice.PROMOTE, Ground.BETTER)
    worse = recommend(compare(draw(1000, 0.9, 0.85), samples=0))
    assert (worse.advice, worse.ground) == (Advice.KEEP, Ground.WORSE)


def test_too_few_labels_are_told_with_how_many_more() -> None:
    few = recommend(compare(draw(40, 0.7, 0.95), samples=0))
    assert (few.advice, few.ground) == (Advice.WAIT, Ground.SCARCE)
    assert few.more is not None
    assert few.more >= 60
    unclear = recommend(compare(draw(200, 0.85, 0.85, correlation=0.6, seed=3), samples=0))
    assert (unclear.advice, unclear.ground) == (Advice.WAIT, Ground.UNCLEAR)
    assert unclear.more is not None
    assert unclear.more > 200


def test_where_labels_exclude_a_gain_that_matters_it_is_not_awaited() -> None:
    data = draw(4000, 0.9, 0.9, correlation=0.95, seed=1)
    found = recommend(compare(data, samples=0))
    assert (found.advice, found.ground) == (Advice.KEEP, Ground.NO_GAIN)
    same = recommend(compare(draw(400, 0.9, 0.9, correlation=1.0), samples=0))
    assert (same.advice, same.ground) == (Advice.KEEP, Ground.NO_GAIN)


def test_better_over_all_but_clearly_worse_in_a_source_is_not_promoted() -> None:
    n = 2000
    good = draw(n, 0.8, 0.9, sources=np.full(n, "phones"))
    bad = draw(400, 0.9, 0.75, seed=2, sources=np.full(400, "<scans>"))
    columns = [
        np.concatenate([getattr(getattr(one, side), name) for one in (good, bad)])
        for side in ("champion", "challenger")
        for name in ("p_fake", "score")
    ]
    both = type(good)(
        type(good.champion)(*columns[:2]),
        type(good.champion)(*columns[2:]),
        np.concatenate([good.is_fake, bad.is_fake]),
        np.ones(n + 400),
        {"source": np.concatenate([good.parts["source"], bad.parts["source"]])},
    )
    found = recommend(compare(both, samples=0))
    assert (found.advice, found.ground) == (Advice.KEEP, Ground.WORSE_IN_PART)
    assert found.parts == (("source", "<scans>"),)


def test_so_many_labels_find_a_gain_that_matters() -> None:
    """The number that is told is neither far too small nor far too large."""
    pilot = compare(draw(400, 0.85, 0.87), samples=0).overall
    assert pilot.error is not None
    needed = labels_for(pilot.error * np.sqrt(pilot.labels))
    found = [
        recommend(compare(draw(needed, 0.85, 0.85 + MATTERS, seed=seed), samples=0)).advice
        for seed in range(60)
    ]
    assert 0.65 <= found.count(Advice.PROMOTE) / len(found) <= 0.95


@pytest.mark.parametrize("n", [100, 400])
def test_a_challenger_that_is_worse_by_what_matters_is_rarely_promoted(n: int) -> None:
    found = [
        recommend(
            compare(draw(n, 0.85, 0.85 - MATTERS, correlation=0.6, seed=seed), samples=0)
        ).advice
        for seed in range(100)
    ]
    assert found.count(Advice.PROMOTE) <= 5
