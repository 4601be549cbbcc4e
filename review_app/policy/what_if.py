"""What a policy would do, before anything is applied or any try is spent: shares, errors, hours,
money.

Pure arithmetic on what is to be expected of the next try (`Prospect`), which looks at no label. The
stream is taken to go on as the recent scores, and to err as they say. Two intervals, of different
kinds: that of a share is an ordinary 95% interval; an error rate may be anything up to the limit,
which is all that a certificate would promise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.certification.bounds import lower_bound, upper_bound
from review_app.certification.prospect import Prospect
from review_app.core.errors import InputError
from review_app.core.special import pdtr, pdtrik
from review_app.i18n import Text
from review_app.policy.costs import Costs, cost_of_reviewing

ALPHA = 0.05
"""Forecast intervals miss with at most this probability."""


@dataclass(frozen=True)
class Range:
    """An estimate with its interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Range:
        """The same in another unit; ``factor`` is not negative."""
        return Range(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class ReviewWorkload:
    """What comes in, and how long people take.

    Raises:
        InputError: a rate or time that is negative or not finite, or no answers at all.
    """

    images_per_day: float
    seconds_per_label: float
    answers: int = 1
    """Answers per image before it is settled."""

    def __post_init__(self) -> None:
        rates = (self.images_per_day, self.seconds_per_label)
        if not all(0 <= rate < float("inf") for rate in rates) or self.answers < 1:
            raise InputError(Text("whatif.wrong_workload"))


@dataclass(frozen=True)
class SideForecast:
    """A forecast of one side."""

    prospect: Prospect
    accepted: Range
    """Share of the stream beyond the threshold, audits included; exact binomial interval."""
    error_rate: Range
    """Among those: as the scores say, from none to the limit. 0 where nothing is accepted."""
    errors_per_day: Range
    """Wrong ones accepted unseen in one day; see `poisson_range`."""


@dataclass(frozen=True)
class PolicyForecast:
    """A forecast of what a policy would do to a day's stream."""

    risk_limit: float
    real: SideForecast
    fake: SideForecast
    auto_accepted: float
    """Share of the stream accepted without a person: audits left out."""
    audited: float
    """Share of the stream that the audit coin sends to people."""
    images_reviewed_per_day: float
    reviewer_hours_per_day: float
    cost_per_day: float
    """Reviewers' time and expected errors."""
    cost_per_day_all_reviewed: float
    """The same were auto-accept closed."""

    @property
    def sides(self) -> tuple[SideForecast, SideForecast]:
        """The forecasts of real and of fake."""
        return self.real, self.fake

    @property
    def errors_per_day(self) -> Range:
        """The errors of both sides: the sum of the intervals, so it holds at least as surely as
        both do."""
        real, fake = (side.errors_per_day for side in self.sides)
        return Range(real.value + fake.value, real.low + fake.low, real.high + fake.high)


def binomial_range(hits: int, n: int, alpha: float = ALPHA) -> Range:
    """A share with its two-sided Clopper–Pearson interval; [0, 1] where ``n`` is 0."""
    if n == 0:
        return Range(0.0, 0.0, 1.0)
    half = alpha / 2
    return Range(hits / n, lower_bound(hits, n, half), upper_bound(hits, n, half))


def poisson_range(expected: Range, alpha: float = ALPHA) -> Range:
    """Counts of one day to expect when the mean itself is only known to lie in ``expected``.

    The Poisson quantiles at the ends of the mean's interval: where that misses with probability
    ``beta``, this misses with at most ``alpha + beta``.
    """
    low, high = (
        _poisson_quantile(share, mean)
        for share, mean in ((alpha / 2, expected.low), (1 - alpha / 2, expected.high))
    )
    return Range(expected.value, low, high)


def _poisson_quantile(share: float, mean: float) -> float:
    """The least count that is not exceeded with probability ``share``, as scipy.stats has it, which
    holds 40 MB."""
    count = max(math.ceil(pdtrik(share, mean)), 0)
    below = max(count - 1, 0)
    return float(below if pdtr(below, mean) >= share else count)


def forecast(
    real: Prospect,
    fake: Prospect,
    stream_scores: ArrayLike,
    workload: ReviewWorkload,
    costs: Costs,
    *,
    audit_probability: float,
) -> PolicyForecast:
    """What is to be expected of a try and a stream that scores like ``stream_scores`` [m].

    Raises:
        InputError: no scores of the stream, or scores outside [0, 1].
    """
    scores = np.asarray(stream_scores, np.float64)
    if scores.ndim != 1 or not scores.size or not ((scores >= 0) & (scores <= 1)).all():
        raise InputError("A forecast needs scores of the stream, each in [0, 1]; run triage first.")
    unseen = workload.images_per_day * (1 - audit_probability)
    sides = _side(real, scores, unseen), _side(fake, scores, unseen)
    proposed = sum(side.accepted.value for side in sides)
    auto = proposed * (1 - audit_probability)
    reviewed = workload.images_per_day * (1 - auto)
    review = cost_of_reviewing(workload.seconds_per_label, workload.answers, costs)
    mistakes = (
        sides[0].errors_per_day.value * costs.missed_fake
        + sides[1].errors_per_day.value * costs.false_alarm
    )
    return PolicyForecast(
        risk_limit=real.risk_limit,
        real=sides[0],
        fake=sides[1],
        auto_accepted=auto,
        audited=proposed * audit_probability,
        images_reviewed_per_day=reviewed,
        reviewer_hours_per_day=reviewed * workload.answers * workload.seconds_per_label / 3600,
        cost_per_day=reviewed * review + mistakes,
        cost_per_day_all_reviewed=workload.images_per_day * review,
    )


def _side(prospect: Prospect, scores: NDArray[np.float64], unseen: float) -> SideForecast:
    """The forecast of one side; ``unseen``: images a day that no audit would look at, were all of
    them accepted."""
    if (threshold := prospect.threshold) is None:
        nothing = Range(0.0, 0.0, 0.0)
        return SideForecast(prospect, nothing, nothing, nothing)
    hits = int(prospect.side.accepts(scores, threshold).sum())
    accepted = binomial_range(hits, scores.size)
    rate = Range(prospect.risk, 0.0, prospect.risk_limit)
    return SideForecast(
        prospect, accepted, rate, poisson_range(rate.times(accepted.value * unseen))
    )
