"""Ladders: thresholds on their own side of 0.5, from conservative to lax."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.errors import CalibrationError
from review_app.triage.ladder import Ladder, Side

scores = st.lists(st.floats(0, 1), max_size=60)


@given(scores, st.sampled_from(Side), st.integers(1, 30))
def test_a_ladder_runs_from_conservative_to_lax_on_its_own_side(
    p: list[float], side: Side, rungs: int
) -> None:
    ladder = Ladder.from_scores(p, side, rungs)
    assert len(ladder.thresholds) <= rungs
    for threshold, share in zip(ladder.thresholds, ladder.acceptance, strict=True):
        assert side.has(threshold)
        assert share == side.accepts(p, threshold).mean()
    assert list(ladder.acceptance) == sorted(ladder.acceptance)
    own = [x for x in p if (x > 0.5 if side is Side.FAKE else x < 0.5)]
    assert bool(ladder.thresholds) == bool(own)
    if own:  # the last rung takes everything that leans to the side
        assert ladder.acceptance[-1] == pytest.approx(len(own) / len(p))


@given(st.floats(0, 0.4999), st.floats(0.5001, 1), scores)
def test_nothing_is_accepted_on_both_sides(t_real: float, t_fake: float, p: list[float]) -> None:
    assert not (Side.REAL.accepts(p, t_real) & Side.FAKE.accepts(p, t_fake)).any()


def test_a_score_of_one_half_leans_to_neither_side() -> None:
    assert Ladder.from_scores([0.5, 0.5], Side.REAL).thresholds == ()
    assert Ladder.from_scores([0.5, 0.5], Side.FAKE).thresholds == ()


@pytest.mark.parametrize(
    ("thresholds", "acceptance"),
    [
        ((0.4,), (0.5,)),  # of the other side
        ((0.8, 0.9), (0.1, 0.2)),  # from lax to conservative
        ((0.9, 0.8), (0.2, 0.1)),  # accepts less though laxer
        ((0.9, 0.8), (0.2,)),
        ((0.9,), (0.0,)),
    ],
)
def test_what_is_no_ladder_is_refused(
    thresholds: tuple[float, ...], acceptance: tuple[float, ...]
) -> None:
    with pytest.raises(CalibrationError, match="no ladder"):
        Ladder(Side.FAKE, thresholds, acceptance)


def test_scores_that_are_no_probabilities_are_refused_with_their_place() -> None:
    with pytest.raises(CalibrationError, match="number 1 is nan"):
        Ladder.from_scores([0.1, np.nan], Side.REAL)
    with pytest.raises(CalibrationError, match="one list"):
        Ladder.from_scores([[0.1]], Side.REAL)
