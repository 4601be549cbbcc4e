"""A classifier two-sample test: can a classifier tell recent images from those of the reference?

Features are seen in their leading principal components. The classifier learns from half of the
reference and from images of the stream that came before; it is tested on the other half and on the
images that came next. So nothing that it is tested on taught it, and, without drift, the images of
the test are exchangeable given the classifier: the Mann-Whitney test of its scores is valid however
well or badly it learned. Both halves play both parts (cross-fitting), and the better of the two p
values counts twice. Lopez-Paz & Oquab, "Revisiting Classifier Two-StreamSample Tests" (ICLR 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from review_app.core.errors import InputError
from review_app.monitoring.statistics.distances import Distance, mann_whitney

Floats = NDArray[np.float64]

COMPONENTS: Final = 16
"""Principal components that are looked at; each counts as it is and squared."""
_RIDGE: Final = 0.1
"""The share of the average variance that is added to every direction of the classifier."""
_LEAST: Final = 4
"""Fewer images than this in a part teach and test nothing."""


@dataclass(frozen=True)
class Coordinates:
    """The leading principal components of standardised features, each of variance 1."""

    mean: Floats
    directions: Floats
    """[features, components], scaled."""

    @classmethod
    def of(cls, features: ArrayLike, components: int = COMPONENTS) -> Coordinates:
        """Those of ``features`` [n, d]."""
        x = np.asarray(features, np.float64)
        mean, scale = x.mean(axis=0), x.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        standard = (x - mean) / scale
        # Features are many and images few: what the images have in common with each other tells.
        values, images = np.linalg.eigh(standard @ standard.T / len(x))
        kept = values > 1e-9 * max(float(values[-1]), 1e-300)
        values, images = values[kept][-components:], images[:, kept][:, -components:]
        directions = standard.T @ images / (values * np.sqrt(len(x)))
        return cls(mean, directions / scale[:, None])

    def __call__(self, features: ArrayLike) -> Floats:
        """``features`` [n, d] as [n, 2 * components]: each coordinate, and its square."""
        z = (np.asarray(features, np.float64) - self.mean) @ self.directions
        return np.concatenate([z, z**2], axis=1)


class ClassifierTest:
    """The test against one reference, whose halves are seen in each other's components."""

    def __init__(self, reference: ArrayLike, components: int = COMPONENTS) -> None:
        """``reference``: features [m, d], in the order in which they came.

        Raises:
            InputError: there are fewer than two images for each part.
        """
        x = np.asarray(reference, np.float64)
        if x.ndim != 2 or len(x) < 2 * _LEAST:
            raise InputError(f"A reference of at least {2 * _LEAST} images is needed.")
        halves = (x[::2], x[1::2])
        self._parts = [
            _Half(Coordinates.of(one, components), one, other)
            for one, other in (halves, halves[::-1])
        ]

    def __call__(self, before: ArrayLike, recent: ArrayLike) -> Distance:
        """The test of ``recent`` [n, d], by classifiers that learned from ``before`` [k, d].

        The statistic is the mean AUROC of the two classifiers: 1/2 where they tell nothing.
        """
        earlier, later = np.asarray(before, np.float64), np.asarray(recent, np.float64)
        if min(len(earlier), len(later)) < _LEAST:
            return Distance(0.5, 1.0)
        found = [part.test(earlier, later) for part in self._parts]
        auroc = sum(each.statistic for each in found) / len(found)
        return Distance(auroc, min(1.0, len(found) * min(each.p for each in found)))


class _Half:
    """One half of the reference teaches, the other tests."""

    def __init__(self, coordinates: Coordinates, taught: Floats, tested: Floats) -> None:
        self._coordinates = coordinates
        self._taught, self._tested = coordinates(taught), coordinates(tested)

    def test(self, before: Floats, recent: Floats) -> Distance:
        direction = _discriminant(self._taught, self._coordinates(before))
        return mann_whitney(self._tested @ direction, self._coordinates(recent) @ direction)


def _discriminant(reference: Floats, recent: Floats) -> Floats:
    """The direction [d] of Fisher's linear discriminant, with a ridge."""
    means = reference.mean(axis=0), recent.mean(axis=0)
    apart = np.concatenate([reference - means[0], recent - means[1]])
    within = apart.T @ apart / len(apart)
    ridge = _RIDGE * float(np.trace(within)) / len(within)
    solved = np.linalg.solve(within + ridge * np.eye(len(within)), means[1] - means[0])
    return np.asarray(solved, np.float64)
