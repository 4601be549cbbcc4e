"""Whether a challenger should be promoted, in words with the reason. Pure.

It should where it is better than the champion with a confidence of 90% (one-sided) and clearly
worse in no part. One that is worse by `MATTERS` is then recommended in fewer than one case of
twenty, whatever the number of labels. Where labels cannot tell a difference that matters, it says
how many more would: so many that a true gain of `MATTERS` is found in four of five cases, by the
variance of the paired difference.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from review_app.core.special import ndtri
from review_app.learning.comparison import AurocDifference, Comparison, chance_of_no_gain

MATTERS = 0.02
"""A difference of AUROCs from which on it is worth a new certificate."""
ONE_SIDED = 0.1
"""A challenger that is no better is recommended with at most this probability."""
POWER = 0.8
ENOUGH = 50
"""Labels of either class below which nothing is said."""
_GUESS = 0.24
"""The spread of `labels_for` before it can be measured: that of two detectors with AUROC 0.9 whose
scores correlate by 0.7 within a class."""


class Advice(StrEnum):
    """What to do with a challenger."""

    PROMOTE = "promote"
    KEEP = "keep"
    WAIT = "wait"
    """There are not enough labels yet."""


class Ground(StrEnum):
    """The reason for an advice."""

    BETTER = "better"
    WORSE = "worse"
    """Worse than the champion with that confidence."""
    WORSE_IN_PART = "worse_in_part"
    """Better over all, and clearly worse in a part."""
    NO_GAIN = "no_gain"
    """Any gain is smaller than what matters."""
    UNCLEAR = "unclear"
    """Labels cannot tell yet."""
    SCARCE = "scarce"
    """Too few labels of a class for any answer."""


@dataclass(frozen=True)
class Recommendation:
    """The advice, and what it rests on."""

    advice: Advice
    ground: Ground
    more: int | None = None
    """How many more held-out labels would tell; None where that is not the question."""
    parts: tuple[tuple[str, str], ...] = ()
    """The parts that are clearly worse: by what they are told apart, and their names."""


def recommend(found: Comparison) -> Recommendation:
    """What to do, by what held-out labels say."""
    overall = found.overall
    if min(overall.real, overall.fake) < ENOUGH or overall.error is None:
        return Recommendation(Advice.WAIT, Ground.SCARCE, _until_told(overall))
    low, high = overall.bounds(2 * ONE_SIDED)
    if chance_of_no_gain(overall) <= ONE_SIDED:
        worse = tuple((part.by, part.name) for part in found.parts if is_worse(part))
        if worse:
            return Recommendation(Advice.KEEP, Ground.WORSE_IN_PART, parts=worse)
        return Recommendation(Advice.PROMOTE, Ground.BETTER)
    if high < 0:
        return Recommendation(Advice.KEEP, Ground.WORSE)
    if high < MATTERS or (low == high == 0):
        return Recommendation(Advice.KEEP, Ground.NO_GAIN)
    return Recommendation(Advice.WAIT, Ground.UNCLEAR, _more(overall))


def is_worse(part: AurocDifference) -> bool:
    """Whether the challenger is clearly worse there: by its interval, which holds together with
    those of all other parts."""
    return part.high is not None and part.high < 0


def labels_for(spread: float, gain: float = MATTERS) -> int:
    """How many labels find a true ``gain`` with `POWER`; ``spread``: the standard error of the
    paired difference times the root of the number of labels that it was measured on."""
    reach = float(ndtri(1 - ONE_SIDED) + ndtri(POWER))
    return math.ceil((reach * spread / gain) ** 2)


def _more(overall: AurocDifference) -> int:
    assert overall.error is not None
    assert overall.difference is not None
    spread = overall.error * math.sqrt(overall.labels)
    # Where there are labels enough for what matters, and yet no answer, the gain is smaller.
    more = labels_for(spread) - overall.labels
    if more <= 0:
        more = labels_for(spread, max(overall.difference, MATTERS / 2)) - overall.labels
    return max(more, 1)


def _until_told(overall: AurocDifference) -> int:
    """How many more until both classes have enough at the present shares; at least what a guess
    says."""
    rarer = min(overall.real, overall.fake)
    share = (rarer + 1) / (overall.labels + 2)
    needed = max(labels_for(_GUESS), math.ceil(ENOUGH / share))
    return max(needed - overall.labels, 1)
