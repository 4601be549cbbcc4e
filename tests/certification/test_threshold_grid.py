"""Threshold grids: thresholds on their own side of 0.5, from conservative to lax."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.core.errors import CalibrationError

scores = st.lists(st.floats(0, 1), max_size=60)


@given(st.floats(0, 0.4999), st.floats(0.5001, 1), scores)
def test_nothing_is_accepted_on_both_sides(t_real: float, t_fake: float, p: list[float]) -> None:
    assert not (Side.REAL.accepts(p, t_real) & Side.FAKE.accepts(p, t_fake)).any()


def test_a_score_of_one_half_lies_on_neither_side() -> None:
    assert not Side.REAL.has(0.5)
    assert not Side.FAKE.has(0.5)


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
def test_what_is_no_threshold_grid_is_refused(
    thresholds: tuple[float, ...], acceptance: tuple[float, ...]
) -> None:
    with pytest.raises(CalibrationError, match="no threshold grid"):
        ThresholdGrid(Side.FAKE, thresholds, acceptance)
