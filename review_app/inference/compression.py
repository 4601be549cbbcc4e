"""Compression keeps of thousands of features the directions in which training images differ.

The correlations between a network's channels are many and depend on each other; heads learn as much
from their principal components, and are a fraction of the size. Components are not whitened, for
the small ones are mostly noise: inner products of images stay what they were. They are rotated at
random instead (Halko et al. 2011 call it mixing), so that no coordinate is larger than another:
the step sizes of Adam and the prior of a variational head go by coordinate, and know no rotation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Matrix, State, checked
from review_app.inference.heads.numerics import Float64, products

_LEVELS = 127
_FINE = 2.0**24
"""Steps of a feature to a unit."""
_ENOUGH = 4096
"""Images from which components are told; more take long and change little."""
_SMALLEST = 1e-6
"""The smallest variance as a share of the largest: what is below it is rounding."""


@dataclass(frozen=True)
class Compression:
    """Rotated principal components of standardised features, in steps of 1/127 of the largest."""

    projection: NDArray[np.int8]
    """The map onto the coordinates in steps, [width, d]."""
    step: Matrix
    """The size of a step of each coordinate, float32 [d]."""

    @classmethod
    def fit(cls, standardised: Matrix, dimensions: int, *, seed: int) -> Self:
        """Fit to standardised features of training images [n, width], of at most 4,096 of them.

        There are at most ``dimensions``, n and width coordinates; their mean square is 1.
        """
        generator = np.random.default_rng(seed)
        rows = standardised
        if len(rows) > _ENOUGH:
            rows = rows[np.sort(generator.choice(len(rows), _ENOUGH, replace=False))]
        products = (rows @ rows.T).astype(np.float64)
        squares, directions = np.linalg.eigh(products)
        kept = min(dimensions, *rows.shape, int((squares > _SMALLEST * squares[-1]).sum()))
        squares, directions = squares[::-1][:kept], directions[:, ::-1][:, :kept]
        normal = generator.standard_normal((kept, kept))
        rotation, triangle = np.linalg.qr(normal)
        rotation *= np.sign(np.diagonal(triangle))
        size = np.sqrt(squares.sum() / (len(rows) * kept))
        mixed = (directions / np.sqrt(squares)) @ rotation / size
        projection = rows.T @ mixed.astype(np.float32)
        step = np.maximum(np.abs(projection).max(axis=0), np.finfo(np.float32).tiny) / _LEVELS
        return cls(np.rint(projection / step).astype(np.int8), step.astype(np.float32))

    @property
    def dimensions(self) -> int:
        """Number of coordinates, d."""
        return len(self.step)

    @cached_property
    def _matrix(self) -> Matrix:
        """The map in numbers, made when it is first needed: it takes four times the memory."""
        matrix: Matrix = self.projection.astype(np.float32) * self.step
        return matrix

    @cached_property
    def _steps(self) -> Float64:
        """The map in steps, made when it is first needed: it takes eight times the memory."""
        return self.projection.astype(np.float64)

    def apply(self, standardised: Matrix) -> Matrix:
        """Coordinates of standardised features [n, width], float32 [n, d]: the same bits, whatever
        the batch and the processor.

        Features count in steps of 2^-24, which is what float32 has of most. Then all numbers are
        whole; and as features are cut off at 8, and there are fewer than 2^19 of them, every sum is
        below 2^53, so float64 holds it to the last bit in whatever order it is summed.
        """
        whole = np.rint(np.multiply(standardised, _FINE, dtype=np.float64))
        told: Matrix = (products(whole, self._steps) * (self.step / _FINE)).astype(np.float32)
        return told

    def apply_at_once(self, standardised: Matrix) -> Matrix:
        """:meth:`apply` in one product: faster, and its last bits depend on what is asked
        together."""
        return standardised @ self._matrix

    def state(self) -> State:
        """``projection`` [width, d], ``step`` [d]."""
        return {"projection": self.projection, "step": self.step}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]], width: int, dimensions: int) -> Self:
        """The compression stored in ``state``; CheckpointError where a tensor is wrong."""
        return cls(
            checked(state, "projection", np.int8, width, dimensions),
            checked(state, "step", np.float32, dimensions),
        )
