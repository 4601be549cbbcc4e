"""Costs of mistakes and of reviewers' time, and the worth of a person's look at an image.

The admin states three prices in one currency; only their ratios matter. A reviewer is taken to be
right, so a review costs time alone. Costs decide the order of the queue and what the what-if panel
tells; they never move an image in or out of acceptance, which the certificates alone do.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from review_app.core.errors import InputError

Floats = NDArray[np.float64]

MAX_COST = 1e9
"""No price is above this: beyond it sums lose their cents."""


class Costs(BaseModel):
    """Prices in any one currency, chosen by an admin.

    The defaults say: a missed fake is worth ten minutes of a reviewer, a false alarm five.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    missed_fake: float = Field(10, ge=0, le=MAX_COST, description="A fake accepted as real.")
    false_alarm: float = Field(5, ge=0, le=MAX_COST, description="A real image accepted as fake.")
    reviewer_minute: float = Field(1, ge=0, le=MAX_COST, description="A minute of one reviewer.")


def cost_of_accepting(p_fake: ArrayLike, costs: Costs) -> Floats:
    """Expected cost of taking each image, calibrated ``p_fake`` [...], for what costs less.

    ``min(p * missed_fake, (1 - p) * false_alarm)``: the Bayes risk of the better of two guesses.

    Raises:
        InputError: a probability outside [0, 1].
    """
    p = _probabilities(p_fake)
    return np.minimum(p * costs.missed_fake, (1 - p) * costs.false_alarm)


def cost_of_reviewing(seconds_per_label: float, answers: int, costs: Costs) -> float:
    """What a verdict on one image costs: ``answers`` people, ``seconds_per_label`` each.

    Raises:
        InputError: a time that is negative or not finite, or no answers at all.
    """
    if not 0 <= seconds_per_label < math.inf or answers < 1:
        raise InputError(
            f"{answers} answers of {seconds_per_label} seconds are no review; give at least one "
            "answer and a time of 0 or more."
        )
    return answers * seconds_per_label / 60 * costs.reviewer_minute


def cost_avoided(
    p_fake: ArrayLike, costs: Costs, seconds_per_label: float, answers: int = 1
) -> Floats:
    """Expected cost that a review of each image saves; negative where a look costs more.

    Sorted by it, falling, the queue is in *risk order*.
    """
    review = cost_of_reviewing(seconds_per_label, answers, costs)
    return np.asarray(cost_of_accepting(p_fake, costs) - review)


def _probabilities(p_fake: ArrayLike) -> Floats:
    p = np.asarray(p_fake, np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError("P(fake) lies in [0, 1]; score the images again.")
    return p
