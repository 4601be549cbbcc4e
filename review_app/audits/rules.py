"""The rules that close auto-accept: each looks at the audits of one certificate at a time.

A rule is a class with the members of `AlarmRule`, in a module of this package, and a line in
`RULES`. Nothing outside of the package knows one by its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from review_app.audits.change_detection import ChangeDetection
from review_app.audits.e_values import Floats, Wrong


class AlarmRule(Protocol):
    """Raises an alarm, and says which acceptances that puts in doubt."""

    @property
    def name(self) -> str:
        """What alarms are stored under; it never changes."""

    def alarm_after(self, wrong: Wrong, weights: Floats, limit: float, alpha: float) -> int | None:
        """The number of audits after which the alarm is raised, or None.

        ``wrong`` [n] tells in the order of the verdicts whether an image was of the other class,
        ``weights`` [n] in (0, 1] how many accepted images it stands for beside the others: see
        `e_values.betting_path`. While the error rate of accepted images is at most ``limit``, the
        rule may ever raise one with probability at most ``alpha``, however often it is asked. More
        audits never move or take back an alarm.
        """

    def calm_audits(self, wrong: Wrong, weights: Floats, limit: float) -> int:
        """How many of the audits ``wrong`` [n] came before anything that an alarm after the last of
        them puts in doubt; 0 where nothing tells."""

    def text(self, wrong: Wrong, weights: Floats, limit: float) -> str:
        """What an alarm after these audits rests on besides their number and errors, in a sentence
        of the language in use; empty where that says it all."""


RULES: tuple[AlarmRule, ...] = (ChangeDetection(),)
"""All of them share the probability of a false alarm in equal parts."""


@dataclass(frozen=True)
class RaisedBy:
    """The rule that raised an alarm, and when."""

    rule: AlarmRule
    after: int
    """The number of audits after which it was raised."""


def alpha_of_each(alpha: float) -> float:
    """The probability of a false alarm that each rule may have, if all together have ``alpha``."""
    return alpha / len(RULES)


def first_alarm(wrong: Wrong, weights: Floats, limit: float, alpha: float) -> RaisedBy | None:
    """The earliest alarm that a rule raises; together they raise a false one with probability at
    most ``alpha``."""
    found = [
        RaisedBy(rule, after)
        for rule in RULES
        if (after := rule.alarm_after(wrong, weights, limit, alpha_of_each(alpha))) is not None
    ]
    return min(found, key=lambda raised: raised.after, default=None)
