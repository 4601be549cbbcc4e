"""Isotonic calibration: the rising curve with the smallest squared error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.calibration.base import (
    Calibration,
    CalibrationName,
    Float64,
    checked_probabilities,
    checked_scores,
)
from review_app.inference.heads import Labels, State


@dataclass(frozen=True, slots=True, eq=False)
class IsotonicCalibration(Calibration):
    """Straight lines between knots, level outside them."""

    name = CalibrationName.ISOTONIC
    scores: Float64
    """P(fake) of the knots [k], rising."""
    values: Float64
    """Calibrated P(fake) of the knots [k], never falling."""

    @classmethod
    def fit(cls, p: Float64, is_fake: Labels, weight: Float64) -> Self:
        """Pool adjacent violators; no knot is surer than 1 in n + 2, since n images cannot tell."""
        from sklearn.isotonic import IsotonicRegression

        curve = IsotonicRegression(y_min=0.0, y_max=1.0).fit(p, is_fake.astype(float), weight)
        edge = 1 / (len(p) + 2)
        values = np.clip(np.asarray(curve.y_thresholds_, dtype=np.float64), edge, 1 - edge)
        return cls(np.asarray(curve.X_thresholds_, dtype=np.float64), values)

    def apply(self, p: Float64) -> Float64:
        """See :class:`Calibration`."""
        return np.interp(p, self.scores, self.values)

    def state(self) -> State:
        """``scores`` [k] and ``values`` [k]."""
        return {"scores": self.scores, "values": self.values}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """See :class:`Calibration`."""
        scores = checked_scores(state, "scores")
        return cls(scores, checked_probabilities(state, "values", len(scores)))
