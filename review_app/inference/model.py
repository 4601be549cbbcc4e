"""A model predicts: a standardiser, perhaps a gate and a measure of novelty, and the heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.core.blas import one_blas_thread
from review_app.inference.backbones.base import Features
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.compression import Compression
from review_app.inference.dataset import Versions
from review_app.inference.gate import SourceGate, balanced, experts_of
from review_app.inference.heads import (
    Head,
    HeadName,
    HeadPrediction,
    Matrix,
    Standardizer,
    Weights,
)
from review_app.inference.heads.updated import UpdatedHead
from review_app.inference.novelty import Novelty
from review_app.inference.presets import Preset
from review_app.inference.projection import Projection
from review_app.inference.texture import TextureSpace

FURTHEST = 8.0
"""Standardised features are cut off here where experts are gated: one wild direction of an image
unlike the training must not outvote the others."""

_SUREST = 1e-6
"""P(fake) closer to 0 or 1 counts as this where labels may still change it."""
_WIDEST = 4.0
"""The largest std of a logit: beyond it nothing is known anyway."""

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RawPrediction:
    """The predictions of a model for n images, before calibration."""

    heads: Mapping[HeadName, HeadPrediction]
    log_distances: Float64 | None
    """The logarithms of the distances to the training images, [n]; None for a model that does not
    measure them."""
    shares: Matrix | None = None
    """How much each expert counts for each image, [n, k]; None for a model without a gate."""
    told: Matrix | None = None
    """What heads were told of the images before any gate, [n, d]; None where nobody asks for
    it."""

    @property
    def kinds(self) -> NDArray[np.intp] | None:
        """The number of the expert that counts most for each image, [n]; None without a gate."""
        return None if self.shares is None else _largest(self.shares)


@dataclass(frozen=True, slots=True)
class Model:
    """Trained parts on one backbone."""

    standardizer: Standardizer
    heads: Mapping[HeadName, Head]
    space: TextureSpace | None = None
    """The space of gate and novelty; None without either."""
    gate: SourceGate | None = None
    experts: tuple[tuple[str, ...], ...] = ()
    """The sources that each expert of the gate is for."""
    novelty: Novelty | None = None
    compression: Compression | None = None
    """What heads are given of the features; None: all of them."""
    updated: UpdatedHead | None = None
    """One of the heads as people's labels have changed it; it needs that head's calibrated
    predictions, so :class:`review_app.inference.checkpoint.Checkpoint` asks it."""

    def kinds(self, features: Features) -> NDArray[np.intp] | None:
        """The number of the expert that counts most for each image, [n]; None without a gate."""
        if self.gate is None or self.space is None:
            return None
        coordinates = self.space.apply(self.standardizer.apply(features))
        return _largest(self.gate.shares(coordinates))

    def told(self, features: Sequence[Features] | Features) -> Matrix:
        """What heads are told of the features [width] of n images before any gate, float32 [n, d]:
        within rounding what :meth:`read` tells them, and several times as fast, for trainings."""
        place = np.empty((len(features), len(self.standardizer.mean)), dtype=np.float32)
        if self.compression is None:
            return self.standardizer.fill(place, features, np.inf)
        one_blas_thread()
        return self.compression.apply_at_once(self.standardizer.fill(place, features, FURTHEST))

    def read(self, features: Features, *, at_once: bool = False) -> RawPrediction:
        """What every head says of features [n, width] as the backbone extracts them; see
        :meth:`review_app.inference.checkpoint.Checkpoint.judge`."""
        return self.ask(self.project(features, at_once=at_once))

    def project(self, features: Features, *, at_once: bool = False) -> Projection:
        """All that heads are asked with, of features [n, width] as the backbone extracts them."""
        standardised = self.standardizer.apply(features)
        coordinates = self.space.apply(standardised) if self.space else None
        told = _told(standardised, self.compression, at_once=at_once)
        shares = distances = None
        if self.gate and coordinates is not None:
            shares = self.gate.shares(coordinates)
        if self.novelty and coordinates is not None:
            distances = self.novelty.log_distances(coordinates)
        return Projection(told, shares, distances)

    def ask(self, images: Projection) -> RawPrediction:
        """What every head says of images that are projected."""
        inputs = images.told if images.shares is None else _gated(images.told, images.shares)
        heads = {name: head.predict(inputs) for name, head in self.heads.items()}
        told = images.told if self.updated else None
        return RawPrediction(heads, images.log_distances, images.shares, told)


def beside(told: Matrix, before: HeadPrediction) -> Matrix:
    """What an updated head is asked: what heads are ``told`` [n, d], the logit of what the head
    ``before`` says, and the std of that logit by the delta method: float32 [n, d + 2]."""
    p = np.clip(before.p_fake, _SUREST, 1 - _SUREST)
    doubt = np.minimum(before.std / (p * (1 - p)), _WIDEST)
    columns = np.stack([np.log(p / (1 - p)), doubt], axis=1).astype(np.float32)
    return np.hstack([np.clip(told, -FURTHEST, FURTHEST), columns])


def fit_model(train: Versions, preset: Preset, backbone: BackboneCard, *, seed: int) -> Model:
    """The model of ``preset`` on all versions of the training images; the same every time.

    Weights count in the standardiser, the gate and the heads. Texture space and novelty say where
    training images lie, however many each stands for.
    """
    one_blas_thread()  # or the bits would depend on the number of cores
    features, is_fake, sources = train.together()
    weights = train.weighting
    standardizer = Standardizer.fit(features, weights)
    standardised = standardizer.apply(features)
    space = gate = novelty = None
    experts: tuple[tuple[str, ...], ...] = ()
    compression = None
    if preset.components:
        originals = np.clip(standardised[: len(train)], -FURTHEST, FURTHEST)
        compression = Compression.fit(originals, preset.components, seed=seed)
    inputs = _told(standardised, compression)
    if preset.gated or preset.novelty:
        space = TextureSpace.fit(standardised, texture_columns(backbone))
        coordinates = space.apply(standardised)
        if preset.gated:
            experts = experts_of(train.originals.sources, train.originals.is_fake)
        if len(experts) > 1:
            gate = _fit_gate(coordinates, sources, experts, weights)
            inputs = _gated(inputs, gate.shares(coordinates))
        if preset.novelty:
            novelty = Novelty.fit(coordinates)
    if preset.balanced and gate:
        weights = balanced(sources, is_fake, experts, weights)
    heads = {
        name: training.fit(inputs, is_fake, seed=seed, weights=weights)
        for name, training in preset.heads.items()
    }
    return Model(standardizer, heads, space, gate, experts if gate else (), novelty, compression)


def texture_columns(backbone: BackboneCard) -> NDArray[np.int32]:
    """Which features tell sources apart: those that the card names, else all."""
    spans = backbone.texture or ((0, backbone.width),)
    return np.concatenate([np.arange(*span, dtype=np.int32) for span in spans])


def _fit_gate(
    coordinates: Matrix,
    sources: tuple[str, ...],
    experts: tuple[tuple[str, ...], ...],
    weights: Weights,
) -> SourceGate:
    expert = {source: at for at, members in enumerate(experts) for source in members}
    rows = np.array([row for row, source in enumerate(sources) if source in expert])
    members = np.array([expert[sources[row]] for row in rows])
    return SourceGate.fit(coordinates[rows], members, None if weights is None else weights[rows])


def _largest(shares: Matrix) -> NDArray[np.intp]:
    found: NDArray[np.intp] = shares.argmax(axis=1)
    return found


def _told(
    standardised: Matrix, compression: Compression | None, *, at_once: bool = False
) -> Matrix:
    """What heads are told of standardised features, before any gate."""
    if compression is None:
        return standardised
    cut = np.clip(standardised, -FURTHEST, FURTHEST)
    return compression.apply_at_once(cut) if at_once else compression.apply(cut)


def _gated(inputs: Matrix, shares: Matrix) -> Matrix:
    return SourceGate.expand(np.clip(inputs, -FURTHEST, FURTHEST), shares)
