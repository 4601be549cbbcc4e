"""What a missing score would most likely be, by those that are there, and how sure that is.

Members' values are taken to be jointly normal; the parameters come by expectation maximisation from
all images, of which each tells what it has (Dempster, Laird & Rubin 1977; Little & Rubin, chapter
11). The expected value given the others is what makes a linear rule on some members the best linear
rule on those members alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.fusion.scale import Float64

_ROUNDS = 60
_TOLERANCE = 1e-5
_DOUBT = 5.0
"""Images that speak for members being unrelated, beside those that are here."""


@dataclass(frozen=True)
class JointValues:
    """The joint distribution of the members' values."""

    mean: Float64
    """[members]."""
    covariance: Float64
    """[members, members]."""

    @classmethod
    def of(cls, values: Float64) -> JointValues:
        """The distribution by ``values`` [n, members], NaN where one is missing."""
        present = ~np.isnan(values)
        members = values.shape[1]
        mean = np.zeros(members)
        covariance = np.eye(members)
        for _ in range(_ROUNDS):
            now = cls(mean, covariance)
            total, second = np.zeros(members), np.zeros((members, members))
            for pattern, rows in _patterns(present):
                filled, doubt = now._filled(values[rows], pattern)
                total += filled.sum(axis=0)
                second += filled.T @ filled + len(rows) * doubt
            n = len(values)
            new_mean = total / (n + _DOUBT)
            cross = np.outer(new_mean, total)
            spread = second - cross - cross.T + n * np.outer(new_mean, new_mean)
            new = (spread + _DOUBT * np.eye(members)) / (n + _DOUBT)
            change = np.abs(new_mean - mean).max() + np.abs(new - covariance).max()
            mean, covariance = new_mean, new
            if change < _TOLERANCE or present.all():
                break
        return cls(mean, covariance)

    def fill(self, values: Float64) -> tuple[Float64, Float64]:
        """``values`` [n, members] with the expected value in place of NaN, and the covariance of
        what was missing [n, members, members], zero where nothing was."""
        present = ~np.isnan(values)
        filled = np.where(present, values, 0.0)
        doubt = np.zeros((*values.shape, values.shape[1]))
        for pattern, rows in _patterns(present):
            if not pattern.all():
                filled[rows], doubt[rows] = self._filled(values[rows], pattern)
        return filled, doubt

    def _filled(self, values: Float64, pattern: NDArray[np.bool_]) -> tuple[Float64, Float64]:
        """The same as `fill`, for images that have the same members; the covariance is that of
        each."""
        doubt = np.zeros_like(self.covariance)
        if pattern.all():
            return values, doubt
        here, gone = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        known = self.covariance[np.ix_(here, here)]
        both = self.covariance[np.ix_(here, gone)]
        slopes = np.linalg.solve(known, both) if len(here) else both
        filled = values.copy()
        for place, member in enumerate(gone):
            expected = np.full(len(values), self.mean[member])
            for row, other in enumerate(here):  # one addition a member: the same bits in any batch
                expected += (values[:, other] - self.mean[other]) * slopes[row, place]
            filled[:, member] = expected
        doubt[np.ix_(gone, gone)] = self.covariance[np.ix_(gone, gone)] - both.T @ slopes
        return filled, doubt


def _patterns(present: NDArray[np.bool_]) -> list[tuple[NDArray[np.bool_], NDArray[np.intp]]]:
    """The distinct rows of ``present`` [n, members], each with where it occurs."""
    found, which = np.unique(present, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [(pattern, np.flatnonzero(which == at)) for at, pattern in enumerate(found)]
