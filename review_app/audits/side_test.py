"""The circuit breaker's rule: what the audits of one side say, and whether they close auto-accept.

Pure: verdicts of audits in, evidence and words out. `review_app.audits.circuit_breaker` acts on it.

Each side has its own evidence, and alarms at ``ALPHA / 2``: were both certificates true, chance
would ever close either of them with probability at most ``ALPHA``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from review_app.audits.change_detection import alarm_path
from review_app.audits.e_values import Direction, Floats, Wrong, evidence_path, interval
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

    @cached_property
    def log_holds(self) -> Floats:
        """Log evidence that the error rate is below the limit, after each audit [n]."""
        return evidence_path(self.wrong, self.limit, Direction.BELOW)

    @cached_property
    def log_alarm(self) -> Floats:
        """Log evidence that it has risen above the limit, after each audit [n]."""
        return alarm_path(self.wrong, self.limit)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Bounds of the error rate at ``1 - 2 * alpha``, however often they are looked at."""
        return interval(self.wrong, 2 * self.alpha)

    @property
    def log_line(self) -> float:
        """The log evidence at which the alarm is raised, or the certificate proven anew."""
        return -math.log(alpha_of_each(self.alpha))

    @property
    def audits(self) -> int:
        return len(self.wrong)

    @property
    def errors(self) -> int:
        return int(self.wrong.sum())

    @cached_property
    def raised(self) -> RaisedBy | None:
        """The rule that raised the alarm, and when; it stands whatever came later."""
        return first_alarm(self.wrong, self.limit, self.alpha)

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
        return 0 if self.raised is None else self.raised.rule.calm_audits(self.wrong, self.limit)

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
        return f"{_found(self)} {rate} {t(f'audit.means_{_meaning(self)}')}"


def evaluate_side(
    side: Side, limit: float, wrong: ArrayLike, alpha: float = ALPHA / 2
) -> SideEvidence:
    """The evidence of audits ``wrong`` [n], in the order of their verdicts."""
    return SideEvidence(side, limit, alpha, np.asarray(wrong, np.bool_))


def reason(alarmed: list[SideEvidence]) -> str:
    """Why auto-accept closes, in words for the policy's history, which is English."""
    parts = []
    for evidence in alarmed:
        after = evidence.alarm_after or evidence.audits
        seen = evaluate_side(evidence.side, evidence.limit, evidence.wrong[:after], evidence.alpha)
        with use_language(ENGLISH):
            parts.append(f"{_found(seen)} At most {percent(seen.limit)} was certified.")
    return (
        "the audit raised an alarm. "
        + " ".join(parts)
        + " Chance alone would do this to fewer than "
        + f"1 of {round(1 / ALPHA)} true certificates, ever"
    )


def _found(evidence: SideEvidence) -> str:
    found = "found_one" if evidence.errors == 1 else "found"
    words = t(f"audit.{found}_{evidence.side}", n=evidence.audits, errors=evidence.errors)
    if evidence.raised is None:
        return words
    more = evidence.raised.rule.text(evidence.wrong, evidence.limit)
    return f"{words} {more}".rstrip()


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
