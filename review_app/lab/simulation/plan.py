"""The plan of a simulation: the policy asked for, the stream, and what changes in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from review_app.audits.side_test import ALPHA
from review_app.certification.bounds import check_limits
from review_app.certification.grouping import Grouping
from review_app.core.errors import SettingsError

BLOCKS = 40
"""Parts of the stream for which coverage and errors are told."""


@dataclass(frozen=True)
class Drift:
    """A source that nobody has calibrated on appears in the stream.

    Raises:
        SettingsError: a share out of range.
    """

    source: str
    appears_at: float = 0.5
    """Share of the stream that has gone by when it appears, in [0, 1)."""
    mix: float = 0.5
    """Share of the images from then on that are of it, in (0, 1]."""

    def __post_init__(self) -> None:
        if not 0 <= self.appears_at < 1:
            raise SettingsError(
                f"The new source appears at {self.appears_at!r}; it must be a share of the stream "
                "in [0, 1), such as 0.5."
            )
        if not 0 < self.mix <= 1:
            raise SettingsError(
                f"The new source's share is {self.mix!r}; it must lie in (0, 1], such as 0.5."
            )


def grouping_called(name: str) -> Grouping:
    """The grouping called ``name``, if score files tell the groups of it.

    Raises:
        SettingsError: they do not.
    """
    if name != Grouping.SOURCE:
        raise SettingsError(
            f"A score file does not tell groups by {name!r}. Of what images can be grouped by, "
            f"only {Grouping.SOURCE.value!r} is among its columns."
        )
    return Grouping.SOURCE


@dataclass(frozen=True)
class SimulationPlan:
    """One deployment, replayed ``runs`` times.

    Raises:
        SettingsError: a limit, a size or a probability out of range.
    """

    risk_limit: float = 0.05
    delta: float = 0.1
    """The certificates may be wrong with this probability, both sides and all tries together."""
    audit_probability: float = 0.05
    alarm_alpha: float = ALPHA
    """Probability of ever raising a false alarm at an error rate of the limit, both sides
    together."""
    certify_at: tuple[int, ...] = (250, 500, 1000, 2000)
    """Labels after which certifying is tried, rising; several tries share the confidence."""
    images: int = 20_000
    """Length of the stream that follows the certificate."""
    drift: Drift | None = None
    groups: Grouping | None = None
    """What certificates by group are told beside the pooled one for."""
    runs: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        check_limits(self.risk_limit, self.delta)
        check_limits(self.risk_limit, self.alarm_alpha)
        if not 0 < self.audit_probability <= 1:
            raise SettingsError(
                f"The audit probability is {self.audit_probability!r}; it must lie in (0, 1]."
            )
        tries = self.certify_at
        if not tries or tries[0] < 1 or any(b <= a for a, b in pairwise(tries)):
            raise SettingsError(
                f"Certifying after {', '.join(map(str, tries)) or 'no'} labels cannot be replayed; "
                "give rising numbers above 0."
            )
        if self.images < BLOCKS or self.runs < 1:
            raise SettingsError(
                f"{self.runs} runs of {self.images} images are too few; ask for at least one run "
                f"of {BLOCKS} images."
            )

    @property
    def change(self) -> int:
        """Images before the new source appears; 0 where none does."""
        return int(self.drift.appears_at * self.images) if self.drift else 0
