"""Calibrations of one or two numbers: a line on the logit, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import CheckpointError
from review_app.core.special import expit
from review_app.inference.calibration.base import Calibration, CalibrationName, Float64
from review_app.inference.heads import Labels, State
from review_app.inference.heads.base import checked

_LOG_SLOPE = (-5.0, 5.0)
"""The range of the logarithm of the slope: a slope above 0 keeps the order of images."""
_CERTAIN = 1e-15
"""P(fake) this near 0 or 1 has the logit of this."""


@dataclass(frozen=True, slots=True)
class NoCalibration(Calibration):
    """The map that changes nothing."""

    name = CalibrationName.NONE

    @classmethod
    def fit(cls, p: Float64, is_fake: Labels, weight: Float64) -> Self:
        """Nothing to fit."""
        return cls()

    def apply(self, p: Float64) -> Float64:
        """Return ``p`` as it is."""
        return p

    def state(self) -> State:
        """The state, which is empty."""
        return {}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """See :class:`Calibration`."""
        return cls()


@dataclass(frozen=True, slots=True)
class TemperatureCalibration(Calibration):
    """sigmoid(slope logit(p)); the slope is one over the temperature. 1/2 stays 1/2."""

    name = CalibrationName.TEMPERATURE
    slope: float

    @classmethod
    def fit(cls, p: Float64, is_fake: Labels, weight: Float64) -> Self:
        """Fit by maximum likelihood, the slope between exp(-5) and exp(5)."""
        from scipy.optimize import minimize_scalar  # slow to import

        logits, targets = _logit(p), is_fake.astype(np.float64)
        found = minimize_scalar(
            lambda log_slope: _cost(np.exp(log_slope) * logits, targets, weight),
            bounds=_LOG_SLOPE,
            method="bounded",
            options={"xatol": 1e-8},
        )
        return cls(float(np.exp(found.x)))

    def apply(self, p: Float64) -> Float64:
        """See :class:`Calibration`."""
        return _sigmoid(self.slope * _logit(p))

    def stretch(self, p: Float64) -> Float64:
        """The map's own slope: the delta method."""
        return self.slope * np.square(super(TemperatureCalibration, self).stretch(p))

    def state(self) -> State:
        """The state: ``slope`` [1]."""
        return {"slope": np.array([self.slope])}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """See :class:`Calibration`."""
        return cls(_checked_slope(state))


@dataclass(frozen=True, slots=True)
class PlattCalibration(Calibration):
    """sigmoid(slope logit(p) + offset)."""

    name = CalibrationName.PLATT
    slope: float
    offset: float

    @classmethod
    def fit(cls, p: Float64, is_fake: Labels, weight: Float64) -> Self:
        """Fit by maximum likelihood with Platt's targets, which are never quite 0 or 1."""
        from scipy.optimize import minimize  # slow to import

        logits = _logit(p)
        fake, real = weight[is_fake].sum(), weight[~is_fake].sum()
        targets = np.where(is_fake, (fake + 1) / (fake + 2), 1 / (real + 2))
        found = minimize(
            lambda line: _cost(np.exp(line[0]) * logits + line[1], targets, weight),
            x0=np.zeros(2),
            method="L-BFGS-B",
            bounds=(_LOG_SLOPE, (None, None)),
            options={"ftol": 1e-13, "gtol": 1e-9},
        )
        return cls(float(np.exp(found.x[0])), float(found.x[1]))

    def apply(self, p: Float64) -> Float64:
        """See :class:`Calibration`."""
        return _sigmoid(self.slope * _logit(p) + self.offset)

    def stretch(self, p: Float64) -> Float64:
        """The map's own slope: the delta method."""
        return self.slope * np.square(super(PlattCalibration, self).stretch(p))

    def state(self) -> State:
        """``slope`` [1] and ``offset`` [1]."""
        return {"slope": np.array([self.slope]), "offset": np.array([self.offset])}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """See :class:`Calibration`."""
        return cls(_checked_slope(state), float(checked(state, "offset", np.float64, 1)[0]))


def _cost(logits: Float64, targets: Float64, weight: Float64) -> float:
    """Mean cross-entropy in nats."""
    losses = np.logaddexp(0.0, logits) - targets * logits
    return float((weight * losses).sum() / weight.sum())


def _logit(p: Float64) -> Float64:
    inside = np.clip(p, _CERTAIN, 1 - _CERTAIN)
    logits: Float64 = np.log(inside) - np.log1p(-inside)
    return logits


def _sigmoid(logits: Float64) -> Float64:
    p: Float64 = expit(logits)
    return p


def _checked_slope(state: Mapping[str, NDArray[Any]]) -> float:
    slope = float(checked(state, "slope", np.float64, 1)[0])
    if not slope > 0:
        raise CheckpointError(f"tensor slope is {slope} where a number above 0 is needed")
    return slope
