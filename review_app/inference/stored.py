"""Images of which enough is stored for a checkpoint to judge them: no file is opened, no network
loads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.features import FeatureCache
from review_app.inference.projection import Projection, ProjectionCache, projection_key

_AT_ONCE = 256
"""Images projected at once: of the widest features they take some tens of megabytes."""


class StoredJudgement(NamedTuple):
    """A judgement on the images of which enough is stored."""

    keys: Sequence[str]
    """The hashes of these images."""
    judgement: Judgement
    """What the checkpoint says of them, in their order."""


class KnownImages:
    """What is stored of images for one checkpoint. ``feature_key`` tells the key that its features
    have now; without caches nothing is stored."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        features: FeatureCache | None,
        projections: ProjectionCache | None,
        feature_key: Callable[[], str],
    ) -> None:
        self._checkpoint = checkpoint
        self._features = features
        self._projections = projections
        self._feature_key = feature_key
        self._own_key: str | None = None

    def judge(self, keys: Sequence[str]) -> StoredJudgement | None:
        """What the checkpoint says of those images of ``keys`` (sha256) that have projections or
        features, to the bit as :meth:`review_app.inference.service.Detector.score` has it; None
        where there are none. The projections that were missing are kept."""
        rows = self._known(keys)
        missing = [key for key in keys if key not in rows]
        found: list[tuple[Sequence[str], Projection]] = []
        if rows:
            packed = list(rows.values())
            found.append((list(rows), Projection.unpacked(packed, self._checkpoint.model)))
        for start in range(0, len(missing), _AT_ONCE):
            found += self._projected(missing[start : start + _AT_ONCE])
        if not found:
            return None
        together = Projection.concatenated([projection for _, projection in found])
        judged = [key for some, _ in found for key in some]
        return StoredJudgement(judged, self._checkpoint.judge_projected(together))

    def keep(self, keys: Sequence[str], projection: Projection) -> None:
        """Keep the projections of images, in the order of ``keys``."""
        key = self.projection_key()
        if key is not None and self._projections is not None:
            packed = dict(zip(keys, projection.packed(), strict=True))
            self._projections.put_many(packed, key)

    def _projected(self, keys: Sequence[str]) -> list[tuple[Sequence[str], Projection]]:
        if self._features is None:
            return []
        features = self._features.get_many(keys, self._feature_key())
        if not features:
            return []
        projection = self._checkpoint.project(np.stack(list(features.values())))
        self.keep(list(features), projection)
        return [(list(features), projection)]

    def _known(self, keys: Sequence[str]) -> dict[str, bytes]:
        key = self.projection_key()
        if key is None or self._projections is None:
            return {}
        return dict(self._projections.get_many(keys, key))

    def projection_key(self) -> str | None:
        """The key of the projections that serve; None where none would be worth keeping."""
        if self._own_key is None:
            self._own_key = projection_key(self._checkpoint.model) or ""
        return f"{self._feature_key()}+{self._own_key}" if self._own_key else None
