"""The circuit breaker's rule: what the audits of one side say, and whether they close auto-accept.

Pure: verdicts of audits in, evidence and words out. `review_app.audits.circuit_breaker` acts on it.

Each side has its own evidence, and alarms at ``ALPHA / 2``: were both certificates true, chance
would ever close either of them with probability at most ``ALPHA``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from review_app.audits.change_detection import alarm_path
from review_app.audits.e_values import (
    Direction,
    Floats,
    Wrong,
    betting_interval,
    betting_path,
    evidence_path,
    interval,
)
from review_app.audits.rules import RaisedBy, alpha_of_each, first_alarm
from review_app.certification.threshold_grid import Side
from review_app.i18n import ENGLISH, percent, t, use_language

ALPHA = 0.05
"""Probability with which true certificates are ever suspended by chance, both sides together."""
LEANING = math.log(2)
"""Log evidence against a certificate that is worth a word."""


@dataclass(frozen=True, eq=False)
class SideEvidence:
    """The evidence that the audits of one certificate give."""

    side: Side
    limit: float
    """The risk limit that was certified."""
    alpha: float
    """The level of this side's alarm."""
    wrong: Wrong
    weights: Floats | None = None
    """The weights [n] of `e_values.betting_path`; None where the policy draws all alike. It is the
    policy that tells, and not the audits so far: which test is made is fixed before any of them."""
    group: str | None = None
    """The group whose audits these are; None where they are those of the whole side."""

    @cached_property
    def log_holds(self) -> Floats:
        """Log evidence that the error rate is below the limit, after each audit [n]."""
        if self.weights is not None:
            return betting_path(self.wrong, self.weights, self.limit, Direction.BELOW)
        return evidence_path(self.wrong, self.limit, Direction.BELOW)

    @cached_property
    def log_alarm(self) -> Floats:
        """Log evidence that it has risen above the limit, after each audit [n]."""
        return alarm_path(self.wrong, self.limit, self._weights)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Bounds of the error rate at ``1 - 2 * alpha``, however often they are looked at."""
        if self.weights is not None:
            return betting_interval(self.wrong, self.weights, 2 * self.alpha)
        return interval(self.wrong, 2 * self.alpha)

    @property
    def log_line(self) -> float:
        """The log evidence at which the alarm is raised, or the certificate proven anew."""
        return -math.log(alpha_of_each(self.alpha))

    @property
    def audits(self) -> int:
        """How many audits of this side there are."""
        return len(self.wrong)

    @property
    def errors(self) -> int:
        """How many of them found the accepted image wrong."""
        return int(self.wrong.sum())

    @cached_property
    def raised(self) -> RaisedBy | None:
        """The rule that raised the alarm, and when; it stands whatever came later."""
        return first_alarm(self.wrong, self._weights, self.limit, self.alpha)

    @property
    def alarm_after(self) -> int | None:
        """The number of audits at which the alarm was raised; None where none was."""
        return None if self.raised is None else self.raised.after

    @property
    def proven_after(self) -> int | None:
        """The number of audits at which they alone had proven that the limit is kept."""
        return _first(self.log_holds >= self.log_line)

    @cached_property
    def good_until(self) -> int:
        """How many audits came before anything that the alarm puts in doubt; 0 without one."""
        if self.raised is None:
            return 0
        return self.raised.rule.calm_audits(self.wrong, self._weights, self.limit)

    @property
    def found(self) -> str:
        """How many of the audits were wrong, and what the alarm rests on besides, in words."""
        found = "found_one" if self.errors == 1 else "found"
        words = t(f"audit.{found}_{self.side}", n=self.audits, errors=self.errors)
        if self.raised is not None:
            more = self.raised.rule.text(self.wrong, self._weights, self.limit)
            words = f"{words} {more}".rstrip()
        return words if self.group is None else t("audit.in_group", group=self.group, found=words)

    def until_alarm(self) -> SideEvidence:
        """The evidence as it was when the alarm was raised."""
        n = self.alarm_after
        return replace(
            self, wrong=self.wrong[:n], weights=None if self.weights is None else self.weights[:n]
        )

    @property
    def _weights(self) -> Floats:
        return np.ones(len(self.wrong)) if self.weights is None else self.weights

    @property
    def text(self) -> str:
        """What was found, and what it means, for an admin."""
        if not self.audits:
            return t(f"audit.unseen_{self.side}")
        low, high = self.interval
        rate = t(
            "audit.rate",
            low=percent(low),
            high=percent(high),
            confidence=percent(1 - 2 * self.alpha),
            limit=percent(self.limit),
        )
        return f"{self.found} {rate} {t(f'audit.means_{_meaning(self)}')}"


def evaluate_side(
    side: Side,
    limit: float,
    wrong: ArrayLike,
    alpha: float = ALPHA / 2,
    weights: ArrayLike | None = None,
) -> SideEvidence:
    """The evidence of audits ``wrong`` [n], in the order of their verdicts; ``weights`` [n] where
    the policy draws them with unequal probabilities."""
    unequal = None if weights is None else np.asarray(weights, np.float64)
    return SideEvidence(side, limit, alpha, np.asarray(wrong, np.bool_), unequal)


def reason(alarmed: list[SideEvidence]) -> str:
    """Why auto-accept closes, in words for the policy's history, which is English."""
    parts = []
    for evidence in alarmed:
        with use_language(ENGLISH):
            limit = percent(evidence.limit)
            parts.append(f"{evidence.until_alarm().found} At most {limit} was certified.")
    return (
        "the audit raised an alarm. "
        + " ".join(parts)
        + " Chance alone would do this to fewer than "
        + f"1 of {round(1 / ALPHA)} true certificates, ever"
    )


def _meaning(evidence: SideEvidence) -> str:
    if evidence.alarm_after is not None:
        return "alarm"
    if evidence.log_alarm[-1] > LEANING:
        return "leaning"
    if evidence.proven_after is not None:
        return "proven"
    return "for" if evidence.log_holds[-1] > 0 else "open"


def _first(reached: Wrong) -> int | None:
    return int(reached.argmax()) + 1 if reached.any() else None
