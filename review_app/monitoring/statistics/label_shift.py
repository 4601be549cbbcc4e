"""Label shift: how many of the stream's images are fake, told without a label of the stream.

It rests on one assumption, that fakes look as fakes did and real images as real ones did, only in
other shares. Where audits tell the share themselves, they outrank it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import InputError
from review_app.core.special import chdtri

Floats = NDArray[np.float64]

CONFIDENCE: Final = 0.95
_STEPS: Final = 60
_TINY: Final = 1e-9
DRAWS: Final = 4000
_LEAST_APART: Final = 0.05
"""Rates of fakes and real images called fake that are no further apart tell nothing."""


class ClassCounts(NamedTuple):
    """Labelled images of the reference, by class, and how many of them are called fake."""

    fakes: int
    fakes_called_fake: int
    reals: int
    reals_called_fake: int


class Prevalence(NamedTuple):
    """An estimated share of fakes with its interval at `CONFIDENCE`."""

    share: float
    low: float
    high: float


def black_box_shift(
    counts: ClassCounts, called_fake: int, images: int, rng: np.random.Generator
) -> Prevalence | None:
    """The share of fakes among ``images`` of which ``called_fake`` are called fake.

    With t and f the rates at which fakes and real images of the reference are called fake, and q
    the rate in the stream, ``(q - f) / (t - f)``: Lipton, Wang & Smola, "Detecting and Correcting
    for Label Shift with Black Box Predictors" (ICML 2018). The interval is that of draws from the
    three rates' posteriors under Jeffreys' prior. None where t and f are too close to tell.

    Raises:
        InputError: a count is more than what it is of.
    """
    pairs = (
        (counts.fakes_called_fake, counts.fakes),
        (counts.reals_called_fake, counts.reals),
        (called_fake, images),
    )
    if any(not 0 <= k <= n for k, n in pairs):
        raise InputError("More images are called fake than there are.")
    if min(n for _, n in pairs) == 0:
        return None
    t, f, q = (k / n for k, n in pairs)
    if t - f <= _LEAST_APART:
        return None
    drawn_t, drawn_f, drawn_q = (rng.beta(k + 0.5, n - k + 0.5, DRAWS) for k, n in pairs)
    apart = np.maximum(drawn_t - drawn_f, _LEAST_APART)
    each = (1 - CONFIDENCE) / 2
    low, high = np.quantile((drawn_q - drawn_f) / apart, [each, 1 - each])
    return Prevalence(*(float(np.clip(x, 0, 1)) for x in ((q - f) / (t - f), low, high)))


def expectation_maximisation(p_fake: ArrayLike, prior: float) -> Prevalence:
    """The likeliest share of fakes among images with ``p_fake`` [n], calibrated where the share was
    ``prior``.

    Saerens, Latinne & Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
    Probabilities" (Neural Computation 14, 2002); of two classes the likelihood is concave in the
    share, so the maximum is found by bisection. The interval is where twice the log-likelihood is
    within the quantile of chi squared; it knows nothing of errors of the calibration itself.

    Raises:
        InputError: there is no image, or ``prior`` is not strictly between 0 and 1.
    """
    p = np.asarray(p_fake, np.float64)
    if not p.size or not 0 < prior < 1:
        raise InputError("Images, and a share of fakes between 0 and 1, are needed.")
    fake, real = p / prior, (1 - p) / (1 - prior)

    def slope(share: float) -> float:
        return float(((fake - real) / (share * fake + (1 - share) * real)).sum())

    best = _falling(slope)
    line = _likelihood(best, fake, real) - float(chdtri(1, 1 - CONFIDENCE)) / 2

    def outside(share: float) -> float:
        return line - _likelihood(share, fake, real)

    low = _TINY if outside(_TINY) <= 0 else _falling(outside, _TINY, best)
    high = 1 - _TINY if outside(1 - _TINY) <= 0 else _falling(lambda s: -outside(s), best)
    return Prevalence(best, low, high)


def _likelihood(share: float, fake: Floats, real: Floats) -> float:
    return float(np.log(share * fake + (1 - share) * real).sum())


def _falling(
    function: Callable[[float], float], low: float = _TINY, high: float = 1 - _TINY
) -> float:
    """The point in between at which a function that falls goes below zero."""
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
