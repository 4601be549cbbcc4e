"""A small whitened space of texture statistics, in which an image lies among the training images.

In this space a gate tells the sources of the training images apart, and novelty measures how far an
image is from all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Matrix, State, checked
from review_app.inference.heads.numerics import by_blocks

DIMENSIONS = 128
_SMALLEST = 1e-3
"""The smallest standard deviation as a share of the largest: directions below it are noise of the
arithmetic."""


@dataclass(frozen=True, slots=True)
class TextureSpace:
    """The whitened principal components of some of the features.

    Components come from training images, so there the coordinates have mean 0 and variance 1.
    """

    columns: NDArray[np.int32]
    """Which standardised features are looked at, [c]."""
    mean: Matrix
    """Subtracted from them, float32 [c]."""
    projection: Matrix
    """The map onto the components, divided by their standard deviations: float32 [c, d]."""

    @classmethod
    def fit(cls, standardised: Matrix, columns: NDArray[np.int32]) -> Self:
        """Fit to standardised training features [n, width]; at most 128 and n - 1 components."""
        chosen = standardised[:, columns].astype(np.float64)
        mean = chosen.mean(axis=0)
        centred = chosen - mean
        variances, directions = np.linalg.eigh(centred.T @ centred / len(centred))
        kept = min(DIMENSIONS, len(chosen) - 1, len(columns))
        scales = np.sqrt(np.maximum(variances[::-1][:kept], 0))
        usable = scales > _SMALLEST * scales[0]
        projection = directions[:, ::-1][:, :kept][:, usable] / scales[usable]
        return cls(columns, mean.astype(np.float32), projection.astype(np.float32))

    @property
    def dimensions(self) -> int:
        """Number of coordinates, d."""
        return int(self.projection.shape[1])

    def apply(self, standardised: Matrix) -> Matrix:
        """Coordinates [n, d] of standardised features [n, width]."""
        chosen = standardised[:, self.columns]
        columns = by_blocks(chosen, self.dimensions, self._project)
        return np.ascontiguousarray(columns.T)

    def _project(self, rows: Matrix) -> Matrix:
        centred: Matrix = rows - self.mean
        coordinates: Matrix = centred @ self.projection
        return coordinates

    def state(self) -> State:
        """The three tensors of which it is made."""
        return {"columns": self.columns, "mean": self.mean, "projection": self.projection}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int) -> Self:
        """The space stored in ``state``; CheckpointError where a tensor is wrong."""
        columns = checked(state, "columns", np.int32, None)
        if columns.size and not 0 <= columns.min() <= columns.max() < width:
            raise ValueError(f"tensor columns names features outside 0 to {width - 1}")
        return cls(
            columns,
            checked(state, "mean", np.float32, len(columns)),
            checked(state, "projection", np.float32, len(columns), None),
        )
