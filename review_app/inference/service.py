"""The detector as triage and the pages use it: images in, every head's opinion out.

Importing this is light; torch and the weights load when the first image is not in the cache.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.inference.backbones import Backbone, Features, WeightFiles, load_backbone
from review_app.inference.checkpoint import Checkpoint, Judgement, require_backbone
from review_app.inference.engines import EngineName, Engines, feature_key
from review_app.inference.features import FeatureCache, Loader, stream_features
from review_app.inference.heads import HeadName
from review_app.inference.projection import ProjectionCache
from review_app.inference.saliency import occlusion
from review_app.inference.stored import KnownImages

if TYPE_CHECKING:
    from review_app.inference.backbones.network import NetworkBackbone


@dataclass(frozen=True, slots=True)
class Opinion:
    """The opinion of one head on one image; the units are those of :class:`HeadPrediction`."""

    p_fake: float
    std: float
    entropy: float
    mutual_information: float
    score: float
    """What triage compares with thresholds: surely real at 0, surely fake at 1; see
    :func:`review_app.inference.rejection.signed`."""
    novelty: float | None
    """How unlike the training images the image is, z; None where nothing measures it."""
    scope: str | None = None
    """The kind of images that it is most like; None where nothing tells."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One image that was scored, with the opinion of every head."""

    key: str
    opinions: Mapping[HeadName, Opinion]


@dataclass(frozen=True, slots=True)
class Failed:
    """One image that could not be decoded or scored, and why."""

    key: str
    reason: str


class Detector:
    """A checkpoint with its backbone and caches; safe to share between threads.

    ``weights`` are the backbone's local weights files where it does not bring its own; ``engines``
    choose what its networks run on, by default torch.
    """

    stored: KnownImages
    """What needs no file: images of which enough is stored."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        cache: FeatureCache | None = None,
        *,
        weights: WeightFiles | None = None,
        engines: Engines | None = None,
        projections: ProjectionCache | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self._cache = cache
        backbone = self._backbone = _LazyBackbone(checkpoint, weights, engines or Engines())
        self.stored = KnownImages(checkpoint, cache, projections, lambda: backbone.key)

    def score(self, images: Sequence[tuple[str, Image.Image | Loader]]) -> list[Scored | Failed]:
        """The outcome of each (sha256 of the file, image or what decodes it), in their order.

        An image that cannot be decoded fails alone. Raises BackboneError where weights cannot be
        had, and CheckpointError where they are not those the heads were trained on.
        """
        items = [(key, _loader(image)) for key, image in images]
        outcomes = list(stream_features(items, self._backbone, self._cache))
        good = {each.key: each.features for each in outcomes if each.features is not None}
        found = dict(zip(good, self._kept_opinions(good), strict=True)) if good else {}
        return [
            Failed(outcome.key, outcome.failure or "unknown")
            if outcome.features is None
            else Scored(outcome.key, found[outcome.key])
            for outcome in outcomes
        ]

    def features(self, images: Sequence[tuple[str, Loader]]) -> dict[str, Features]:
        """Features [width] of each (sha256 of the file, what decodes it), by hash, cached from then
        on; without images that cannot be decoded. Raises as :meth:`score`."""
        outcomes = stream_features(images, self._backbone, self._cache)
        return {each.key: each.features for each in outcomes if each.features is not None}

    @property
    def backbone(self) -> Backbone:
        """What extracts features, for trainings; it loads when the first image is not cached."""
        return self._backbone

    def inspect(self, image: Image.Image) -> dict[HeadName, Opinion]:
        """The opinion of every head on one image, which is neither looked up nor remembered."""
        return _opinions(self.checkpoint.judge(self._backbone.extract([image])))[0]

    def saliency(self, image: Image.Image, head: HeadName) -> NDArray[np.float64]:
        """The places where ``head`` looks: [rows, columns], positive where a patch of ``image``
        speaks for fake; see :func:`review_app.inference.saliency.occlusion`."""

        def p_fake(images: Sequence[Image.Image]) -> NDArray[np.float64]:
            return self.checkpoint.predict(self._backbone.extract(images))[head].p_fake

        return occlusion(p_fake, image)

    @property
    def engine(self) -> EngineName:
        """What its networks run on, as far as that is known before the first image."""
        return self._backbone.engine

    def warm_up(self) -> None:
        """Load torch and the weights now, rather than at the first image."""
        self._backbone.load()

    def _kept_opinions(self, features: Mapping[str, Features]) -> list[dict[HeadName, Opinion]]:
        projection = self.checkpoint.project(np.stack(list(features.values())))
        self.stored.keep(list(features), projection)
        return _opinions(self.checkpoint.judge_projected(projection))


class _LazyBackbone:
    """The backbone of a checkpoint: card and key at once, torch and weights when needed."""

    def __init__(
        self, checkpoint: Checkpoint, weights: WeightFiles | None, engines: Engines
    ) -> None:
        self.card = checkpoint.card.backbone
        self._checkpoint = checkpoint
        self._weights = weights
        self._engines = engines
        self._loaded: Backbone | None = None
        self._loading = threading.Lock()

    @property
    def engine(self) -> EngineName:
        chosen = self._engines.chosen
        return self._checkpoint.engine or chosen(self._checkpoint.card.backbone_key)

    @property
    def key(self) -> str:
        own = self._checkpoint
        return feature_key(own.card.backbone_key, self.engine, shrunk=own.shrunk)

    def networked(self) -> tuple[NetworkBackbone, ...]:
        return self.load().networked()

    def extract(self, images: Sequence[Image.Image]) -> Features:
        if not images:
            return np.empty((0, self.card.width), dtype=np.float32)
        return self.load().extract(images)

    def extract_one(self, image: Image.Image) -> Features:
        return self.load().extract_one(image)

    def load(self) -> Backbone:
        with self._loading:
            if self._loaded is None:
                backbone = load_backbone(self.card.name, weights=self._weights)
                require_backbone(self._checkpoint, backbone)
                self._engines.settle(backbone, self._checkpoint.engine)
                self._loaded = backbone
            return self._loaded


def _loader(image: Image.Image | Loader) -> Loader:
    return (lambda: image) if isinstance(image, Image.Image) else image


def _opinions(judgement: Judgement) -> list[dict[HeadName, Opinion]]:
    return [
        {name: _opinion(judgement, name, row) for name in judgement.heads}
        for row in range(len(judgement.nearest))
    ]


def _opinion(judgement: Judgement, name: HeadName, row: int) -> Opinion:
    prediction = judgement.heads[name].take(slice(row, row + 1))
    return Opinion(
        float(prediction.p_fake[0]),
        float(prediction.std[0]),
        float(prediction.entropy[0]),
        float(prediction.mutual_information[0]),
        float(judgement.scores[name][row]),
        None if judgement.novelty is None else float(judgement.novelty[row]),
        judgement.nearest[row],
    )
