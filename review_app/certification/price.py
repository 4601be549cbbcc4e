"""The price of a try to certify: told and asked before it is spent, as it cannot be had back.

Tries share the confidence: number i may spend ``delta / 2^i`` (`bounds.spent_level`), whether it
passes or not. Where there are fewer labels than even a flawless test takes, none is made, and that
is no try. Whether it is one depends on how many labels there are, never on what they say: the
level of the test after n labels is then fixed by the sizes at which people ask, and all levels
together stay within delta. A rule that looked at errors could leave out the tests that fail, and
what is left would certify bad thresholds more often than delta allows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from review_app.certification.bounds import check_limits, spent_level, zero_error_minimum
from review_app.certification.certificate import goal_words
from review_app.certification.grouping import Grouping
from review_app.i18n import percent, t


def fewest_labels(risk_limit: float, delta: float, attempt: int | None) -> int:
    """Fewest labels on which that attempt could certify either side, by whatever method: all of
    them accepted and right. ``delta`` is that of both sides together."""
    return zero_error_minimum(risk_limit, spent_level(delta / 2, attempt))


@dataclass(frozen=True)
class Price:
    """The price of the next try, on the labels there are.

    Raises:
        SettingsError: the limit or delta is out of range.
    """

    version: int
    """The version of the policy that it would follow."""
    attempt: int
    """The number of the try, from 1."""
    labels: int
    """How many labels count; by group, those of the group that has most."""
    risk_limit: float
    delta: float
    """The probability of error of all tries together."""
    grouping: Grouping | None = None
    """What images are grouped by, where the limit is to hold in every group."""

    def __post_init__(self) -> None:
        check_limits(self.risk_limit, self.delta)

    @property
    def least(self) -> int:
        """Fewest labels on which it could succeed."""
        return fewest_labels(self.risk_limit, self.delta, self.attempt)

    @property
    def is_try(self) -> bool:
        """Whether it could succeed at all."""
        return self.labels >= self.least

    @property
    def last(self) -> int:
        """The number of the last try that could succeed on these labels; 0: not even the first."""
        # Solved for i: (1 - limit)^labels <= delta / 2 / 2^i.
        left = math.log2(self.delta / 2) - self.labels * math.log2(1 - self.risk_limit)
        return max(0, math.floor(left + 1e-9))

    @property
    def text(self) -> str:
        """The price, for whoever is asked to pay it."""
        spent = spent_level(self.delta, self.attempt)
        return t(
            "certify.price_by_group" if self.grouping else "certify.price",
            attempt=self.attempt,
            last=max(self.last, self.attempt),
            n=self.labels,
            spent=percent(spent, 2),
            whole=percent(self.delta),
            confidence=percent(1 - self.delta),
            left=percent(spent, 2),  # halves: what is left is as much again
            next=fewest_labels(self.risk_limit, self.delta, self.attempt + 1),
        )

    def refusal(self, labels: str) -> str:
        """Why no test is made on ``labels``, in words: there are too few, whatever they say; by
        group, too few in each."""
        goal = goal_words(self.risk_limit, self.delta)
        more = self.least - self.labels
        if self.grouping:
            return t("certify.too_few_by_group", most=self.labels, goal=goal, n=self.least)
        return t("certify.too_few", labels=labels, goal=goal, n=self.least, more=more)
