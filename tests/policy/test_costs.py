"""What mistakes and reviews cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from review_app.core.errors import InputError
from review_app.policy.costs import Costs, cost_avoided, cost_of_accepting, cost_of_reviewing

COSTS = Costs(missed_fake=100, false_alarm=20, reviewer_minute=2)
PROBABILITIES = st.floats(0, 1)


def test_an_image_is_accepted_as_what_costs_less() -> None:
    p = [0.0, 0.1, 1 / 6, 0.5, 1.0]
    np.testing.assert_allclose(cost_of_accepting(p, COSTS), [0, 10, 100 / 6, 10, 0])


def test_a_review_costs_everybody_s_time() -> None:
    assert cost_of_reviewing(30, 3, COSTS) == 3.0


@given(PROBABILITIES, PROBABILITIES)
def test_no_guess_is_cheaper_than_the_better_of_two(p: float, q: float) -> None:
    # Guessing fake with probability q is a mix of both pure guesses.
    mixed = (1 - q) * p * COSTS.missed_fake + q * (1 - p) * COSTS.false_alarm
    assert cost_of_accepting(p, COSTS) <= mixed + 1e-9


def test_a_sure_image_is_not_worth_a_look() -> None:
    avoided = cost_avoided([0.0, 0.16, 1.0], COSTS, seconds_per_label=30)
    assert avoided[0] == avoided[2] == -1
    assert avoided[1] == 15


@pytest.mark.parametrize("price", [-1, float("nan"), float("inf"), 1e12])
def test_a_price_that_is_none_is_refused(price: float) -> None:
    with pytest.raises(ValidationError):
        Costs(missed_fake=price)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_a_probability_that_is_none_is_refused(p: float) -> None:
    with pytest.raises(InputError, match="score the images again"):
        cost_of_accepting([0.5, p], COSTS)


@pytest.mark.parametrize(("seconds", "answers"), [(-1.0, 1), (float("nan"), 1), (8.0, 0)])
def test_a_review_that_is_none_is_refused(seconds: float, answers: int) -> None:
    with pytest.raises(InputError, match="are no review"):
        cost_of_reviewing(seconds, answers, COSTS)
