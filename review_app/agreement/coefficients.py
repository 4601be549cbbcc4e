"""Coefficients of agreement: how much more people agree than by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from review_app.agreement.answers import AnswerColumns, Ints

DRAWS = 400
"""Resamples of the images for an interval."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of agreement: 1 where all agree, 0 where chance would do as well."""

    value: float
    low: float
    """The interval at `CONFIDENCE`, by resampling images; images are what it rests on."""
    high: float
    images: int
    """Images with two answers or more."""


def krippendorff(answers: AnswerColumns, rng: np.random.Generator) -> Coefficient | None:
    """Krippendorff's alpha for two values, any number of people, and missing answers.

    With n_i answers on image i of which f_i say fake, and n answers in all of which f do, the
    disagreement seen is the sum of ``2 f_i (n_i - f_i) / (n_i - 1)``, that by chance
    ``2 f (n - f) / (n - 1)``; alpha is 1 less their ratio. Images with one answer say nothing.
    Krippendorff, "Content Analysis" (4th ed. 2018), ch. 12. None where nobody ever says another
    thing, or too few images have two answers.
    """
    number, fakes = answers.number, answers.fakes
    paired = number >= 2
    number, fakes = number[paired], fakes[paired]
    value = _alpha(number, fakes)
    if value is None:
        return None
    # Images of like counts are alike: a resample is one draw of how often each kind comes.
    kinds, counts = np.unique(np.stack([number, fakes]), axis=1, return_counts=True)
    drawn = rng.multinomial(number.size, counts / number.size, size=DRAWS)
    resampled = [_alpha(kinds[0], kinds[1], times) for times in drawn]
    return _with_interval(value, [x for x in resampled if x is not None], number.size)


def cohen(first: Ints, second: Ints, rng: np.random.Generator) -> Coefficient | None:
    """Cohen's kappa of two people's answers on the same images, each 0 or 1, [n].

    With a the share on which they agree and c that by chance, from how often each of them gives
    each answer, ``(a - c) / (1 - c)``: Cohen, "A Coefficient of Agreement for Nominal Scales"
    (1960). None where chance alone would make them agree always.
    """
    table = np.bincount(2 * first + second, minlength=4)
    value = _kappa(table)
    if value is None:
        return None
    drawn = rng.multinomial(first.size, table / first.size, size=DRAWS)
    resampled = [_kappa(each) for each in drawn]
    return _with_interval(value, [x for x in resampled if x is not None], first.size)


def _alpha(number: Ints, fakes: Ints, times: Ints | None = None) -> float | None:
    weights = np.ones(number.size) if times is None else times
    n, f = float(weights @ number), float(weights @ fakes)
    chance = 2 * f * (n - f) / (n - 1) if n > 1 else 0.0
    if chance == 0:
        return None
    seen = float(weights @ (2 * fakes * (number - fakes) / (number - 1)))
    return 1 - seen / chance


def _kappa(table: Ints) -> float | None:
    n = int(table.sum())
    if not n:
        return None
    shares = table.reshape(2, 2) / n
    agreed = float(np.trace(shares))
    chance = float(shares.sum(axis=0) @ shares.sum(axis=1))
    return None if chance >= 1 else (agreed - chance) / (1 - chance)


def _with_interval(value: float, resampled: list[float], images: int) -> Coefficient:
    each = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [each, 1 - each]) if resampled else (-1.0, 1.0)
    return Coefficient(value, float(low), float(high), images)
