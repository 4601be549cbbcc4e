"""Standardisation with the training set's mean and std; part of every checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Matrix, State, Weights, checked

Float64 = NDArray[np.float64]

_FLOOR = 0.05
"""The smallest std as a share of the median one: a direction that hardly moved in training must not
shout on a new image."""


@dataclass(frozen=True, slots=True)
class Standardizer:
    """``(x - mean) / scale`` per direction; both float32 [width], scale above 0."""

    mean: Matrix
    scale: Matrix

    @classmethod
    def fit(cls, features: Matrix, weights: Weights = None) -> Self:
        """Fit to training features [n, width], which count as ``weights`` [n] say."""
        mean, variance = weighed_moments(features.astype(np.float64), weights)
        std = np.sqrt(variance)
        floor = max(_FLOOR * float(np.median(std)), 1e-6)
        return cls(mean.astype(np.float32), np.maximum(std, floor).astype(np.float32))

    def apply(self, features: Matrix) -> Matrix:
        """Standardised features, float32 [n, width]."""
        standardised: Matrix = (features - self.mean) / self.scale
        return standardised

    def fill(self, place: Matrix, features: Iterable[Matrix], furthest: float) -> Matrix:
        """``place`` [n, width], filled with n standardised ``features`` [width], cut off at
        ``furthest`` on either side.

        The bits of :meth:`apply`, row by row: each stays in a core's cache until it is done.
        """
        for row, each in zip(place, features, strict=True):
            np.subtract(each, self.mean, out=row)
            np.divide(row, self.scale, out=row)
            np.clip(row, -furthest, furthest, out=row)
        return place

    def state(self) -> State:
        """The two tensors of which it is made."""
        return {"mean": self.mean, "scale": self.scale}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """The standardiser stored in ``state``; CheckpointError where a tensor is wrong."""
        return cls(
            checked(state, "mean", np.float32, width), checked(state, "scale", np.float32, width)
        )


def weighed_moments(rows: Float64, weights: Weights) -> tuple[Float64, Float64]:
    """Mean and variance of each column of ``rows`` [n, width], float64 [width] each."""
    if weights is None:
        return rows.mean(axis=0), rows.var(axis=0)
    mean: Float64 = np.average(rows, axis=0, weights=weights)
    return mean, np.average(np.square(rows - mean), axis=0, weights=weights)
