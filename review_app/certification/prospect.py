"""What the next try may find, told before it is spent: from how many labels there are, never from
what they say.

A certificate's confidence counts every try. Whoever could see for nothing whether a try would pass
would wait for a moment at which it does, or look for a limit at which it does, and that choice
would be in no one's count. So a prospect rests on the threshold grid, which comes from validation
scores, and on the number of labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.certification.bounds import check_limits, spent_level
from review_app.certification.certificate import CertificateMethod, goal_words
from review_app.certification.fixed_sequence import DEFAULT_METHOD, make_plan, select
from review_app.certification.price import fewest_labels
from review_app.certification.sample_size import EVEN, LIKELY, fewest, passing_chance
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.i18n import percent, t

LEAST_RISK = 1 / 4
"""The share of the limit that errors are reckoned with at least, as in a `LabelForecast`: scores
that promise fewer are not believed."""

CERTAIN = 0.99
"""No chance is told as larger: the scores that it rests on may promise too much."""


@dataclass(frozen=True)
class Prospect:
    """The prospect of one side, if the detector is wrong as often as its scores say
    (`ThresholdGrid.predicted_risk`), yet never less than a quarter of the limit.

    Raises:
        SettingsError: the limit, delta or number of the try is out of range.
    """

    grid: ThresholdGrid
    labels: int
    """How many labels count by now."""
    risk_limit: float
    delta: float
    """The delta of both sides together."""
    attempt: int
    """The number of the next try, from 1."""
    method: CertificateMethod = DEFAULT_METHOD

    def __post_init__(self) -> None:
        check_limits(self.risk_limit, self.delta)
        spent_level(self.delta, self.attempt)

    @property
    def side(self) -> Side:
        """The side that it is about."""
        return self.grid.side

    @property
    def chance(self) -> float:
        """The chance that a try now certifies this side."""
        return self._chance_after(self.labels)

    @property
    def risk(self) -> float:
        """The error share to reckon with at the `threshold`; 0 where there is none."""
        at = self._expected()
        return float(self._risks[at]) if at >= 0 else 0.0

    @property
    def threshold(self) -> float | None:
        """The laxest threshold that a try now certifies if it accepts, and errs on, as many labels
        as are to be expected; ``None`` where it certifies none."""
        at = self._expected()
        return self.grid.thresholds[at] if at >= 0 else None

    def missing(self, chance: float = EVEN) -> int | None:
        """Further random labels after which a try has that chance, 0 where it has; ``None``: out of
        reach."""
        if self.chance >= chance:
            return 0
        enough = fewest(self._chance_after, chance, self.labels + 1)
        return None if enough is None else enough - self.labels

    @property
    def text(self) -> str:
        """One or two sentences for an admin, in the language of whoever is served."""
        side, goal = t(f"policy.{self.side}"), goal_words(self.risk_limit, self.delta)
        if not self.grid.thresholds:
            return t("policy.never_leans", side=side)
        words = t("policy.prospect", side=side, goal=goal, chance=chance_words(self.chance))
        more = self.missing(LIKELY)
        if more is None:
            least = fewest_labels(self.risk_limit, self.delta, self.attempt)
            return f"{words} {t('policy.prospect_far', n=least)}"
        return f"{words} {t('policy.prospect_more', n=more)}" if more else words

    def _chance_after(self, labels: int) -> float:
        plan = make_plan(self.method, self.grid, labels, self.risk_limit, self._level)
        risk = self._risks
        return max(
            (
                passing_chance(
                    labels, self.grid.acceptance[at], float(risk[at]), self.risk_limit, plan.level
                )
                for at in plan.starts
            ),
            default=0.0,
        )

    def _expected(self) -> int:
        plan = make_plan(self.method, self.grid, self.labels, self.risk_limit, self._level)
        accepted = np.floor(self.labels * np.asarray(self.grid.acceptance)).astype(np.int64)
        errors = np.rint(accepted * self._risks).astype(np.int64)
        return int(select(plan, errors, accepted))

    @property
    def _risks(self) -> NDArray[np.float64]:
        return np.maximum(self.grid.predicted_risk, LEAST_RISK * self.risk_limit)

    @property
    def _level(self) -> float:
        return spent_level(self.delta / 2, self.attempt)


def chance_words(chance: float) -> str:
    """A chance in whole percent."""
    return percent(round(min(chance, CERTAIN), 2))
