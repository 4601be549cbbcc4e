"""Members become voices: each is read as labels suggest, what is upside down is turned round, and
what says the same twice is heard once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from review_app.fusion.hypotheses import Hypotheses
from review_app.fusion.posterior import weigh
from review_app.fusion.scale import Float64, MemberScale, ScoreReading

ALIKE = 0.98
"""Correlation of values from which on two members are one voice."""
_COMMON = 30
"""Images that both must have scored to be told alike."""
UNRELATED = 0.1
"""Correlation with every other voice below which one is not heard unless labels prove it."""
PROVEN = 2.5
"""Standard deviations above 0 of a voice's own weight from which on they do."""
_MANY = 200
"""Images that both must have scored to be told unrelated: by chance one in 400 correlates by .2."""
INVERTED = -4.0
"""Standard deviations below 0 of a member's own weight: by chance one in 30,000 is there."""
MOST = 8
"""Voices at most whose sets are all weighed: 256 sets. Ten gained nothing, and take twice as
long."""


def best_reading(
    here: Float64, scores: Float64, is_fake: NDArray[np.bool_], weights: Float64
) -> tuple[MemberScale, bool]:
    """The scale of one member that the labelled ``scores`` [n] speak for most, and whether it is
    upside down; ``here``: its scores of all images at hand."""
    there = ~np.isnan(scores)
    told = scores[there], is_fake[there], weights[there]
    scales = [MemberScale.of(here, reading) for reading in ScoreReading]
    able = [scale for scale in scales if not scale.is_constant]
    if not able or len(np.unique(told[1])) < 2:
        return scales[0], False
    turned = _slope(able[0].apply(told[0]), *told[1:])[1] < INVERTED
    sign = -1.0 if turned else 1.0
    found = [_slope(sign * scale.apply(told[0]), *told[1:])[0] for scale in able]
    return able[int(np.argmax(found))], turned


def _slope(values: Float64, is_fake: NDArray[np.bool_], weights: Float64) -> tuple[float, float]:
    """The log evidence of ``values`` [n] by themselves, minus infinity where they speak for the
    opposite; and how many standard deviations their weight is from 0."""
    alone = weigh(Hypotheses.all_free(1), values[:, None], is_fake, weights)
    spread = np.sqrt(alone.covariance[0, 1, 1])
    return float(alone.log_chance[0]), float(alone.mode[0, 1] / spread)


def alike(values: Float64, useful: Sequence[int]) -> list[list[int]]:
    """The ``useful`` members of ``values`` [n, members] by voices: each is like every other one of
    its voice."""
    voices: list[list[int]] = []
    for member in useful:
        for voice in voices:
            if all(
                (_correlation(values[:, member], values[:, other], _COMMON) or 0.0) >= ALIKE
                for other in voice
            ):
                voice.append(member)
                break
        else:
            voices.append([member])
    return voices


def related(
    here: Float64, values: Float64, is_fake: NDArray[np.bool_], weights: Float64
) -> list[int]:
    """The voices that are worth weighing: those whose values of images ``here`` [n, voices] go
    together with another's, and those that labelled ``values`` prove by themselves.

    What tells fakes at all goes together with whatever else does, and that needs no label to be
    seen: a useless voice is told from 2,000 images where 50 labels would leave it some weight.
    Where nothing goes together, or too few images tell, all are.
    """
    voices = here.shape[1]
    found = []
    for voice in range(voices):
        others = [
            _correlation(here[:, voice], here[:, other], _MANY)
            for other in range(voices)
            if other != voice
        ]
        told = [each for each in others if each is not None]
        found.append(None if not told else max(told) >= UNRELATED)
    if True not in found:
        return list(range(voices))
    return [
        voice
        for voice, goes_together in enumerate(found)
        if goes_together is not False or _slope(values[:, voice], is_fake, weights)[1] > PROVEN
    ]


def loudest(
    values: Float64, is_fake: NDArray[np.bool_], weights: Float64, able: list[int]
) -> list[int]:
    """The voices to weigh, of labelled ``values`` [n, voices] without gaps: all that are ``able``,
    or as many as can be, each chosen for what it adds to those before it."""
    if len(able) <= MOST:
        return able
    chosen: list[int] = []
    while len(chosen) < MOST:
        left = [voice for voice in able if voice not in chosen]
        found = [_evidence(values[:, [*chosen, each]], is_fake, weights) for each in left]
        chosen.append(left[int(np.argmax(found))])
    return sorted(chosen)


def _evidence(values: Float64, is_fake: NDArray[np.bool_], weights: Float64) -> float:
    found = weigh(Hypotheses.all_free(values.shape[1]), values, is_fake, weights)
    return float(found.log_chance[0])


def _correlation(one: Float64, other: Float64, fewest: int) -> float | None:
    """The correlation of two voices; None where fewer images than ``fewest`` have both, or either
    never changes on them."""
    both = ~np.isnan(one) & ~np.isnan(other)
    a, b = one[both], other[both]
    if len(a) < fewest or not a.std() or not b.std():
        return None
    return float(np.corrcoef(a, b)[0, 1])
