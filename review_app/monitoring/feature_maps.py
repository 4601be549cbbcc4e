"""Maps of features: the newest images as points in the plane in which their features differ most.

They are computed in the background, of a bounded sample, and kept for a while; whoever asks gets
the last one at once, or None while there is none yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from review_app.monitoring.background import BackgroundFigure
from review_app.policy.policy import Policy
from storage.database import Database
from storage.enums import CheckpointKind
from storage.repositories.detector import FeaturePoint

SAMPLE = 800
"""Most images of a map: half of them the newest, half the newest whose label is known, for what
has only come is rarely labelled."""
MIN_IMAGES = 10
"""Fewer have no axes worth the name."""
_MAPPED: Final = np.empty(0, np.float32)
KEPT_SECONDS, AGAIN_SECONDS = 600.0, 30.0
"""How long a map is kept, and how soon it is tried again where there was none."""


@dataclass(frozen=True)
class FeatureMap:
    """Images along the first two principal components of their features."""

    checkpoint: str
    places: NDArray[np.float64]
    """[n, 2]."""
    explained: tuple[float, float]
    """The share of the features' variance along each axis."""
    points: Sequence[FeaturePoint]
    """What is known of each, [n], without its vector."""


@dataclass(frozen=True)
class MapState:
    """What there is to show: a map, or why there is none."""

    found: FeatureMap | None
    is_computing: bool = False
    """Whether one is being computed."""
    has_features: bool = True
    """Whether the detector in force computes features here at all."""


def principal_plane(
    features: NDArray[np.float64],
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Places [n, 2] of ``features`` [n, d] along their first two principal components, and the
    share of their variance that each explains.

    By the eigenvectors of the Gram matrix of the centred rows (n is less than d). The sign of an
    axis, which nothing decides, is such that the farther end is on the right.
    """
    from scipy.linalg import eigh  # slow to import, and few processes draw a map

    centred = features - features.mean(axis=0)
    gram = centred @ centred.T
    n, total = len(gram), float(np.trace(gram))
    values, vectors = eigh(gram, subset_by_index=(n - 2, n - 1))
    values = values[::-1].clip(0)
    places = vectors[:, ::-1] * np.sqrt(values)
    places *= np.where((places**3).sum(axis=0) < 0, -1.0, 1.0)
    first, second = (float(value) / total if total > 0 else 0.0 for value in values)
    return places, (first, second)


class FeatureMaps:
    """The map of the detector in force."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._figure = BackgroundFigure("map of features", self._computed, self._is_stale)

    def close(self) -> None:
        """Wait for what is being computed."""
        self._figure.close()

    def current(self) -> MapState:
        """The last map; a newer one is begun where that is old, or of another detector."""
        latest = self._figure.current()
        return replace(latest.value or MapState(None), is_computing=latest.is_computing)

    def _is_stale(self, state: MapState | None, seconds: float) -> bool:
        if state is None or state.found is None:
            return seconds >= AGAIN_SECONDS
        with self._database.read() as repos:
            row = repos.policies.current()
        return seconds >= KEPT_SECONDS or row is None or row.checkpoint_id != state.found.checkpoint

    def _computed(self) -> MapState:
        with self._database.read() as repos:
            row = repos.policies.current()
            policy = None if row is None else Policy.from_json(row.document)
            detector = None if policy is None else repos.checkpoints.get(policy.checkpoint)
            if policy is None or detector is None or detector.kind is not CheckpointKind.TRAINED:
                return MapState(None, has_features=False)
            asked = (detector, policy.head, SAMPLE // 2)
            found = repos.features.newest(*asked) | repos.features.newest(*asked, labelled=True)
        points = list(found.values())
        if len(points) < MIN_IMAGES:
            return MapState(None)
        places, explained = principal_plane(np.array([p.vector for p in points], np.float64))
        # Without their vectors, which are some 20 MB and made the map already.
        known = [replace(point, vector=_MAPPED) for point in points]
        return MapState(FeatureMap(policy.checkpoint, places, explained, known))
