"""How often first answers are wrong, from second looks at a sample of them.

Where two people say the same, that is taken for the truth; where they differ, what was adjudicated
is. So errors that two people make alike stay unseen, and the rates are at least what is told.

Each image counts by one over the probability it was drawn with (Hajek 1971). Intervals are those of
Clopper and Pearson with the effective number of images, ``(sum w)^2 / sum w^2``, in place of their
number: Korn & Graubard, "Confidence intervals for proportions with small expected number of
positive counts estimated from survey data" (Survey Methodology 24, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from review_app.agreement.answers import Bools, Floats
from review_app.certification.bounds import upper_bounds

CONFIDENCE: Final = 0.95


class SecondLookAnswer(NamedTuple):
    """A first answer that somebody else has looked at."""

    probability: float
    """The probability with which it was drawn, above 0."""
    said_fake: bool
    """What the first answer was."""
    differs: bool
    """The second answer was another one, unsure too."""
    is_fake: bool | None
    """What the image is taken for; None while nobody has decided between the two."""


@dataclass(frozen=True)
class SampledRate:
    """A rate with its interval at `CONFIDENCE`. What is not decided yet widens the interval to
    whichever way it will be."""

    value: float
    low: float
    high: float
    images: int
    """The images of that class that it is of."""


@dataclass(frozen=True)
class SampledErrors:
    """What second looks found of first answers."""

    looks: int
    differed: int
    undecided: int
    """Those of ``differed`` that nobody has decided for good yet."""
    missed: SampledRate | None
    """Fakes called real; None without a fake."""
    accused: SampledRate | None
    """Real images called fake; None without a real one."""


def sampled_errors(answers: Sequence[SecondLookAnswer]) -> SampledErrors:
    """The rates of errors of ``answers``, which were drawn by chance."""
    weights = 1 / np.array([one.probability for one in answers], np.float64)
    said = np.array([one.said_fake for one in answers], np.bool_)
    fake = np.array([one.is_fake is True for one in answers], np.bool_)
    real = np.array([one.is_fake is False for one in answers], np.bool_)
    open_ = ~fake & ~real
    return SampledErrors(
        looks=len(answers),
        differed=sum(one.differs for one in answers),
        undecided=int(open_.sum()),
        missed=_rate(weights, fake, ~said, open_),
        accused=_rate(weights, real, said, open_),
    )


def _rate(weights: Floats, of_class: Bools, said_other: Bools, open_: Bools) -> SampledRate | None:
    """The share of those ``of_class`` that were called the other one; ``open_`` ones may be of it:
    if they are, those that were called the other one were called so wrongly."""
    if not of_class.any():
        return None
    value, _ = _weighted(weights[of_class], said_other[of_class])
    best, worst = of_class | (open_ & ~said_other), of_class | (open_ & said_other)
    low, _ = _interval(weights[best], said_other[best])
    _, high = _interval(weights[worst], said_other[worst])
    return SampledRate(value, low, high, int(of_class.sum()))


def _weighted(weights: Floats, wrong: Bools) -> tuple[float, float]:
    """The weighted share that is wrong, and the effective number of images."""
    total = float(weights.sum())
    return float(weights @ wrong) / total, total**2 / float(weights @ weights)


def _interval(weights: Floats, wrong: Bools) -> tuple[float, float]:
    share, n = _weighted(weights, wrong)
    each = (1 - CONFIDENCE) / 2
    high, right = upper_bounds([n * share, n * (1 - share)], n, each)
    return 1 - float(right), float(high)
