"""Novelty tells how unlike the training images an image is: the distance to its nearest neighbours
among them.

A detector is not less confident on images unlike its training: there its errors and its confidence
have nothing to do with each other. So confidence is shrunk by distance (deep nearest neighbours:
Sun et al. 2022), and what is shrunk goes to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Matrix, State, checked
from review_app.inference.heads.numerics import by_blocks

NEIGHBOURS = 10
FLAGGED_SHARE = 0.1
"""This share of the validation images, prepared copies among them, lies beyond the cut."""
_CENTRE, _SLOPE = 2.0, 2.0
"""Confidence is halved at z = 2, and all but gone at z = 3."""
_NEAREST = 1e-6
"""Distances below it count as this: a copy of a training image is not infinitely familiar."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True)
class Novelty:
    """z = (log d - mean) / std, with d the mean distance to the ten nearest training images."""

    references: NDArray[np.float16]
    """Coordinates of training images in the texture space, [r, d]."""
    scale: NDArray[np.float64]
    """Mean and std of log d of validation images, and the cut: [3]."""

    @classmethod
    def fit(cls, references: Matrix) -> Self:
        """Fit to the coordinates of training images [r, d]; not yet scaled by validation images."""
        return cls(references.astype(np.float16), np.array([0.0, 1.0, 0.0]))

    def scaled(self, log_distances: Float64) -> Novelty:
        """The same, in units of the log distances of validation images [n]."""
        mean, std = float(log_distances.mean()), max(float(log_distances.std()), 1e-9)
        cut = float(np.quantile((log_distances - mean) / std, 1 - FLAGGED_SHARE))
        return replace(self, scale=np.array([mean, std, cut]))

    @property
    def cut(self) -> float:
        """The z above which an image is called unlike the training images."""
        return float(self.scale[2])

    def z(self, log_distances: Float64) -> Float64:
        """How unlike the training images each image is, float64 [n]: 0 is usual."""
        scores: Float64 = (log_distances - self.scale[0]) / self.scale[1]
        return scores

    @cached_property
    def _columns(self) -> tuple[Matrix, Matrix]:
        """The references as columns [d, r], and the square of the length of each [r], made when
        they are first needed."""
        columns = np.ascontiguousarray(self.references.astype(np.float32).T)
        return columns, np.square(columns).sum(axis=0)

    def log_distances(self, coordinates: Matrix) -> Float64:
        """log d of each image, float64 [n]."""
        references, lengths = self._columns
        nearest = min(NEIGHBOURS, len(lengths))

        def closest(rows: Matrix) -> Matrix:
            squares = np.square(rows).sum(axis=-1)[..., None] + lengths - 2 * (rows @ references)
            return np.sort(np.partition(squares, nearest - 1, axis=-1)[..., :nearest], axis=-1)

        squares = by_blocks(coordinates, nearest, closest)
        each = np.sqrt(np.maximum(squares.astype(np.float64), 0))
        # A running sum adds in one order, whatever the batch; mean does not.
        distances = np.cumsum(each, axis=0)[-1] / nearest
        logs: Float64 = np.log(np.maximum(distances, _NEAREST))
        return logs

    def state(self) -> State:
        """``references`` and ``scale``."""
        return {"references": self.references, "scale": self.scale}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], dimensions: int) -> Self:
        """The measure stored in ``state``; CheckpointError where a tensor is wrong."""
        return cls(
            checked(state, "references", np.float16, None, dimensions),
            checked(state, "scale", np.float64, 3),
        )


def shrink(confidence: Float64, z: Float64) -> Float64:
    """``confidence`` [n] times 1 - sigmoid(2 (z - 2)): whole on usual images, gone on novel."""
    shrunk: Float64 = confidence / (1 + np.exp(np.minimum(_SLOPE * (z - _CENTRE), 700.0)))
    return shrunk
