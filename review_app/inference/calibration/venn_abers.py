"""Inductive Venn-Abers calibration (Vovk & Petej 2014), exact, its answers tabulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import CheckpointError
from review_app.inference.calibration.base import (
    Calibration,
    CalibrationName,
    Float64,
    checked_probabilities,
    checked_scores,
)
from review_app.inference.heads import Labels, State


@dataclass(frozen=True, slots=True, eq=False)
class VennAbersCalibration(Calibration):
    """p0 and p1: what isotonic regression says of an image that joins it as real, and as fake.

    One of the two is calibrated whatever the distribution. They depend only on where the score
    falls among the k calibration scores: on one of them or in one of k + 1 gaps.
    """

    name = CalibrationName.VENN_ABERS
    scores: Float64
    """Distinct calibration scores [k], rising."""
    p0: Float64
    """P(fake) of an image that joins as real, [2 k + 1]: gap, score, gap, ..., score, gap."""
    p1: Float64
    """P(fake) of an image that joins as fake, in the order of ``p0``."""

    @classmethod
    def fit(cls, p: Float64, is_fake: Labels, weight: Float64) -> Self:
        """Both tables, in nearly linear time."""
        scores, place = np.unique(p, return_inverse=True)
        fakes, weights = np.zeros_like(scores), np.zeros_like(scores)
        np.add.at(fakes, place, weight * is_fake)
        np.add.at(weights, place, weight)
        curve = _Curve(fakes, weights)
        slots = range(2 * len(scores) + 1)
        p0, p1 = (np.array([curve.joined(slot, label) for slot in slots]) for label in (0.0, 1.0))
        return cls(scores, np.maximum.accumulate(p0), np.maximum.accumulate(p1))

    def bounds(self, p: Float64) -> tuple[Float64, Float64]:
        """p0 and p1 [n] at P(fake) ``p`` [n]; p0 <= p1."""
        slots = np.searchsorted(self.scores, p, "left") + np.searchsorted(self.scores, p, "right")
        return self.p0[slots], self.p1[slots]

    def apply(self, p: Float64) -> Float64:
        """p1 / (1 - p0 + p1), the minimax answer under log loss."""
        p0, p1 = self.bounds(p)
        return p1 / (1 - p0 + p1)

    def state(self) -> State:
        """``scores`` [k], ``p0`` and ``p1`` [2 k + 1]."""
        return {"scores": self.scores, "p0": self.p0, "p1": self.p1}

    @classmethod
    def from_state(cls, state: Mapping[str, NDArray[Any]]) -> Self:
        """See :class:`Calibration`."""
        scores = checked_scores(state, "scores")
        p0, p1 = (checked_probabilities(state, n, 2 * len(scores) + 1) for n in ("p0", "p1"))
        if not ((p0 <= p1) & (p0 < 1) & (p1 > 0)).all():
            raise CheckpointError("tensors p0 and p1 are not bounds of one probability")
        return cls(scores, p0, p1)


class _Curve:
    """The isotonic regression of labels on k scores, to which one more image can be joined.

    Pooling adjacent violators gives the same blocks in any order. So a new image starts a block of
    its own, between the blocks of the scores before it alone and of the scores after it alone, and
    takes in neighbours while they are out of order.
    """

    def __init__(self, fakes: Float64, weights: Float64) -> None:
        self._fakes: list[float] = [0.0, *np.cumsum(fakes).tolist()]
        self._weights: list[float] = [0.0, *np.cumsum(weights).tolist()]
        self._size = len(weights)
        self._starts: list[int] = []
        """The begin of the last block of the scores 0..i."""
        for i in range(self._size):
            start = i
            while start and self._mean(self._starts[start - 1], start) >= self._mean(start, i + 1):
                start = self._starts[start - 1]
            self._starts.append(start)
        self._ends = [self._size] * (self._size + 1)
        """The end, exclusive, of the first block of the scores i..k - 1."""
        for i in reversed(range(self._size)):
            end = i + 1
            while end < self._size and self._mean(i, end) >= self._mean(end, self._ends[end]):
                end = self._ends[end]
            self._ends[i] = end

    def joined(self, slot: int, label: float) -> float:
        """The curve at an image of ``label`` and weight 1 that joins at ``slot``."""
        start, end = slot // 2, (slot + 1) // 2
        while True:
            mean = self._mean(start, end, label, 1.0)
            if start and self._mean(self._starts[start - 1], start) >= mean:
                start = self._starts[start - 1]
            elif end < self._size and self._mean(end, self._ends[end]) <= mean:
                end = self._ends[end]
            else:
                return mean

    def _mean(self, start: int, end: int, fakes: float = 0.0, weight: float = 0.0) -> float:
        fakes += self._fakes[end] - self._fakes[start]
        return fakes / (weight + self._weights[end] - self._weights[start])
