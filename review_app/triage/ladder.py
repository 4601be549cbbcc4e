"""The two sides of auto-accept, and the ladder of thresholds that a certificate climbs.

Accepted as fake: ``p_fake >= threshold``, with a threshold above 0.5. Accepted as real:
``p_fake <= threshold``, with one below 0.5. The regions never overlap, and on each side the order
is that of the reject score ``1 - max(p, 1 - p)``. Comparing ``p_fake`` itself, never ``1 - p``,
keeps rounding from moving an image across a threshold after it was certified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.errors import CalibrationError

DEFAULT_RUNGS = 20
"""Coarse enough to gain labels from rung to rung, fine enough to stop near the limit."""


class Side(StrEnum):
    """What an image is accepted as."""

    REAL = "real"
    """Accepted as real; an error is a fake that slips through."""
    FAKE = "fake"
    """Accepted as fake; an error is a real image called fake."""

    def accepts(self, p_fake: ArrayLike, threshold: float) -> NDArray[np.bool_]:
        """Which of ``p_fake`` [...] this side accepts at ``threshold``."""
        p = np.asarray(p_fake, np.float64)
        return np.asarray(p >= threshold if self is Side.FAKE else p <= threshold)

    def has(self, threshold: float) -> bool:
        """Whether ``threshold`` lies on this side of 0.5."""
        return 0.5 < threshold <= 1 if self is Side.FAKE else 0 <= threshold < 0.5


def probabilities(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """``values`` as a vector [n] of probabilities.

    Raises:
        CalibrationError: not one-dimensional, or a value that is no number in [0, 1].
    """
    p = np.asarray(values, np.float64)
    if p.ndim != 1:
        raise CalibrationError(f"The {what} must be one list of numbers, not of shape {p.shape}.")
    bad = np.flatnonzero(~((p >= 0) & (p <= 1)))
    if bad.size:
        raise CalibrationError(
            f"The {what} must lie in [0, 1]; number {bad[0]} is {p[bad[0]]} ({bad.size} such). "
            "Score those images again."
        )
    return p


@dataclass(frozen=True)
class Ladder:
    """Candidate thresholds of one side, most to least conservative, from data with no part in
    calibration (validation scores). Their labels are not needed."""

    side: Side
    thresholds: tuple[float, ...]
    """Falling for `Side.FAKE`, rising for `Side.REAL`; may be empty."""
    acceptance: tuple[float, ...]
    """Share of the ladder data that each threshold accepts."""

    def __post_init__(self) -> None:
        t, a = np.asarray(self.thresholds), np.asarray(self.acceptance)
        outward = np.diff(t) * (-1 if self.side is Side.FAKE else 1)
        if (
            len(t) != len(a)
            or not all(self.side.has(x) for x in self.thresholds)
            or not (outward > 0).all()
            or not (np.diff(a) >= 0).all()
            or not ((a > 0) & (a <= 1)).all()
        ):
            raise CalibrationError(
                f"This is no ladder for '{self.side}': thresholds must stay on their side of 0.5 "
                "and run from the most to the least conservative, each with the share it accepts. "
                "Build it with Ladder.from_scores from validation scores."
            )

    @classmethod
    def from_scores(cls, p_fake: ArrayLike, side: Side, rungs: int = DEFAULT_RUNGS) -> Ladder:
        """At most ``rungs`` thresholds at evenly spaced acceptance, from ladder scores [n].

        Raises:
            CalibrationError: a score is no number in [0, 1].
        """
        p = probabilities(p_fake, "ladder scores")
        own = np.sort(p[p > 0.5])[::-1] if side is Side.FAKE else np.sort(p[p < 0.5])
        if not own.size:
            return cls(side, (), ())
        last = np.ceil(np.arange(1, rungs + 1) * own.size / rungs).astype(int) - 1
        thresholds = tuple(dict.fromkeys(own[last].tolist()))
        return cls(side, thresholds, tuple(float(side.accepts(p, t).mean()) for t in thresholds))
