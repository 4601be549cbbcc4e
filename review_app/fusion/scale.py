"""The scale on which a member's scores are read: as probabilities, as log-odds, or as ranks.

Detectors speak on scales of their own: uncalibrated, saturated at 0 and 1, squeezed into a corner.
One whose high scores alone mean something is best read as it is, one that is calibrated by its
log-odds, and of some only the order tells (van der Waerden's normal scores, which are the same for
every increasing map). Each reading is increasing, and ties stay ties; labels choose among them.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from review_app.core.special import logit, ndtri

Float64 = NDArray[np.float64]
KNOTS = 256
"""Scores at most whose value is kept; between two of them the map is straight."""
_CLIP = 0.01
"""Log-odds are of a probability that is at least this far from 0 and 1: how much further it is
differs from detector to detector and means little."""
_LEAST_SPREAD = 0.5
"""Normal scores are divided by their spread, but by no less: a detector that speaks up for one
image in a hundred would otherwise shout."""


class ScoreReading(StrEnum):
    """A way to read scores."""

    RANK = "rank"
    """Their ranks among the images here, as normal scores."""
    PROBABILITY = "probability"
    """The scores as they are."""
    LOG_ODDS = "log_odds"
    """The log of their odds."""


class MemberScale(BaseModel):
    """An increasing map from the scores of one member to values of about unit spread."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reading: ScoreReading
    scores: tuple[float, ...]
    """Rising scores; a single one of a member that always says the same."""
    values: tuple[float, ...]
    """What they become."""

    @classmethod
    def of(cls, scores: Float64, reading: ScoreReading = ScoreReading.RANK) -> MemberScale:
        """The scale by the ``scores`` [n] that are here; NaN where there is none."""
        seen = scores[~np.isnan(scores)]
        if not len(seen):
            return cls(reading=reading, scores=(0.5,), values=(0.0,))
        places, counts = np.unique(seen, return_counts=True)
        values = _values(places, counts, reading)
        if len(places) > KNOTS:
            kept = np.unique(np.linspace(0, len(places) - 1, KNOTS).round().astype(int))
            places, values = places[kept], values[kept]
        return cls(reading=reading, scores=tuple(places.tolist()), values=tuple(values.tolist()))

    @property
    def is_constant(self) -> bool:
        """Whether all images have the same value."""
        return self.values[0] == self.values[-1]

    def apply(self, scores: Float64) -> Float64:
        """The values of ``scores`` [n]; NaN where there is none, and that of the nearest end for a
        score beyond all that were here."""
        places, values = np.array(self.scores), np.array(self.values)
        if len(places) < 2:
            return np.where(np.isnan(scores), np.nan, values[0])
        # Not np.interp: its slope between two scores that lie next to each other is infinite.
        after = np.clip(np.searchsorted(places, scores), 1, len(places) - 1)
        low, high = places[after - 1], places[after]
        share = np.clip((scores - low) / (high - low), 0.0, 1.0)
        return np.asarray(values[after - 1] + share * (values[after] - values[after - 1]))


def _values(places: Float64, counts: NDArray[np.intp], reading: ScoreReading) -> Float64:
    """What rising scores become that so many images have, [n] each."""
    n = counts.sum()
    if reading is ScoreReading.RANK:
        middle = np.cumsum(counts) - (counts - 1) / 2
        found, least = ndtri(middle / (n + 1)), _LEAST_SPREAD
    elif reading is ScoreReading.LOG_ODDS:
        found, least = logit(np.clip(places, _CLIP, 1 - _CLIP)), 0.0
    else:
        # Onto [0, 1] first: the square of a tiny score is none.
        found, least = (places - places[0]) / ((places[-1] - places[0]) or 1.0), 0.0
    away = found - counts @ found / n
    spread = max(float(np.sqrt(counts @ np.square(away) / n)), least)
    return np.asarray(away / spread if spread > 0 else np.zeros_like(away))
