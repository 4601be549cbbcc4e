"""What was made of images is kept in the deployment's database: features, and projections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from storage.database import Database


class DatabaseFeatureCache:
    """Features; see :class:`review_app.inference.features.FeatureCache`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, keys: Sequence[str], backbone_key: str) -> Mapping[str, np.ndarray]:
        """Features [width] of those of ``keys`` that are stored, by key."""
        with self._database.read() as repos:
            return repos.features.get_many(keys, backbone_key)

    def put_many(self, features: Mapping[str, np.ndarray], backbone_key: str) -> None:
        """Store features [width] by key."""
        with self._database.write() as repos:
            repos.features.put_many(features, backbone_key)


class DatabaseProjectionCache:
    """Projections; see :class:`review_app.inference.projection.ProjectionCache`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, keys: Sequence[str], projection_key: str) -> Mapping[str, bytes]:
        """The packed projections of those of ``keys`` that have one, by key."""
        with self._database.read() as repos:
            found: Mapping[str, bytes] = repos.projections.get_many(keys, projection_key)
        return found

    def put_many(self, projections: Mapping[str, bytes], projection_key: str) -> None:
        """Store packed projections by key. They are made again from features, so none of them has
        to outlast a power cut."""
        with self._database.write(durable=False) as repos:
            repos.projections.put_many(projections, projection_key)
