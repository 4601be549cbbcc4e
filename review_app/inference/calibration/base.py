"""The contract of calibrations: what they map, and what is stored of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import CheckpointError
from review_app.inference.heads import Labels, State
from review_app.inference.heads.base import checked

Float64 = NDArray[np.float64]

_LEAST = 1e-30


class CalibrationName(StrEnum):
    """The calibrations that can be fitted and stored, the simplest first."""

    NONE = "none"
    """P(fake) as the head says it."""
    TEMPERATURE = "temperature"
    """One slope on the logit (Guo et al. 2017)."""
    PLATT = "platt"
    """Slope and offset on the logit (Platt 1999)."""
    ISOTONIC = "isotonic"
    """The best rising curve (Zadrozny & Elkan 2002)."""
    VENN_ABERS = "venn_abers"
    """Two rising curves, one for each label the image may have (Vovk & Petej 2014)."""


class Calibration(ABC):
    """A rising map of P(fake), element by element: its bits do not depend on the batch."""

    name: ClassVar[CalibrationName]

    @classmethod
    @abstractmethod
    def fit(cls, p: Float64, is_fake: Labels, weight: Float64) -> Self:
        """Fit the map to the labels of images [n] with P(fake) ``p``, each counting ``weight``
        times."""

    @abstractmethod
    def apply(self, p: Float64) -> Float64:
        """Calibrated P(fake) [n], in [0, 1]."""

    def stretch(self, p: Float64) -> Float64:
        """The factor by which a small spread around ``p`` grows, [n].

        A curve of steps has no useful slope: there the spread keeps its share of the standard
        deviation of the label, sqrt(p (1 - p)).
        """
        calibrated = self.apply(p)
        before = np.maximum(p * (1 - p), _LEAST)  # where p is 0 or 1 there is no spread to stretch
        ratio: Float64 = np.sqrt(calibrated * (1 - calibrated) / before)
        return ratio

    @abstractmethod
    def state(self) -> State:
        """Tensors from which :meth:`from_state` builds the same calibration."""

    @classmethod
    @abstractmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """The calibration stored in ``state``; CheckpointError where a tensor is wrong."""


def checked_scores(state: Mapping[str, NDArray[Any]], name: str) -> Float64:
    """The tensor ``name`` if it is float64 [any], not empty, and strictly rising."""
    scores: Float64 = checked(state, name, np.float64, None)
    if len(scores) == 0 or not (np.diff(scores) > 0).all() or not np.isfinite(scores).all():
        raise CheckpointError(f"tensor {name} is not strictly rising, or empty")
    return scores


def checked_probabilities(state: Mapping[str, NDArray[Any]], name: str, size: int) -> Float64:
    """The tensor ``name`` if it is float64 [size], in [0, 1] and never falls."""
    values: Float64 = checked(state, name, np.float64, size)
    if not ((values >= 0) & (values <= 1)).all() or not (np.diff(values) >= 0).all():
        raise CheckpointError(f"tensor {name} is not of rising probabilities")
    return values
