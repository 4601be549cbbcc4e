"""The two sides of auto-accept, and the threshold grid that a certificate climbs.

Accepted as fake: ``score >= threshold``, with a threshold above 0.5. Accepted as real:
``score <= threshold``, with one below 0.5. The regions never overlap, and on each side the order is
that of the reject score, ``min(score, 1 - score)``. Comparing the score itself, never one minus it,
keeps rounding from moving an image across a threshold after it was certified.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import CalibrationError

MAX_THRESHOLDS = 20


class Side(StrEnum):
    """A side of auto-accept: what an image is accepted as."""

    REAL = "real"
    """The image is accepted as real; an error is a fake that slips through."""
    FAKE = "fake"
    """The image is accepted as fake; an error is a real image called fake."""

    def accepts(self, scores: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
        """Which of ``scores`` [...] this side accepts at ``threshold``: one for all, or of each."""
        s, t = np.asarray(scores, np.float64), np.asarray(threshold, np.float64)
        return np.asarray(s >= t if self is Side.FAKE else s <= t)

    def has(self, threshold: float) -> bool:
        """Whether ``threshold`` lies on this side of 0.5."""
        return 0.5 < threshold <= 1 if self is Side.FAKE else 0 <= threshold < 0.5


@dataclass(frozen=True)
class ThresholdGrid:
    """Candidate thresholds of one side, most to least conservative, from data with no part in
    calibration (validation scores). Their labels are not needed."""

    side: Side
    thresholds: tuple[float, ...]
    """The thresholds, falling for `Side.FAKE`, rising for `Side.REAL`; there may be none."""
    acceptance: tuple[float, ...]
    """Share that each threshold accepts of the data that the grid is made from."""

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
                f"This is no threshold grid for '{self.side}': thresholds must stay on their side "
                "of 0.5 and run from the most to the least conservative, each with the share it "
                "accepts. "
                "Train the checkpoint again: training makes it from validation scores."
            )

    @property
    def predicted_risk(self) -> NDArray[np.float64]:
        """Error share of each threshold [thresholds] if scores were probabilities: a forecast, no
        proof.

        The mean of ``min(score, 1 - score)`` over what the threshold accepts, scores between two
        thresholds taken to lie evenly.
        """
        if not self.thresholds:
            return np.empty(0)
        t, a = np.asarray(self.thresholds), np.asarray(self.acceptance)
        doubt = np.minimum(t, 1 - t)
        between = (doubt + np.concatenate([[0], doubt[:-1]])) / 2
        return np.asarray((between * np.diff(a, prepend=0)).cumsum() / a)


def candidate_thresholds(
    scores: NDArray[np.float64], *, fake: bool
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """At most 20 thresholds of one side, most to least conservative, and the share of ``scores``
    [n] that each accepts.

    Scores are signed: surely real at 0, surely fake at 1. Threshold j is the score of the image
    that is j/20 of the way from the end of the side to 1/2, so thresholds are evenly spaced in the
    share of images that they accept. Labels are not needed.
    """
    own = np.sort(scores[scores > 0.5])[::-1] if fake else np.sort(scores[scores < 0.5])
    last = np.ceil(np.arange(1, MAX_THRESHOLDS + 1) * len(own) / MAX_THRESHOLDS).astype(int) - 1
    thresholds = tuple(dict.fromkeys(own[last].tolist())) if len(own) else ()
    accepted = ((scores >= t) if fake else (scores <= t) for t in thresholds)
    return thresholds, tuple(float(mask.mean()) for mask in accepted)
