"""Statistics of a network's early stages over space: what texture there is, not what it shows.

Means and standard deviations of channels, their higher moments, and the correlations between
channels: the Gram matrix of Gatys et al. (2015), "Texture synthesis using convolutional neural
networks", centred and normalised, so that contrast does not count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Self

import torch
from PIL import Image
from torch import nn

from review_app.inference.backbones.base import Features
from review_app.inference.backbones.card import BackboneCard, NativeSize
from review_app.inference.backbones.network import NetworkBackbone
from review_app.inference.backbones.preprocess import native_pixels

_VARIANCE_FLOOR = 1e-8
_KURTOSIS_CEILING = 200.0
_EXAMPLE_SIZE = 64


class Statistic(StrEnum):
    """A statistic of one stage; c is its number of channels, everything is over space."""

    MEAN = "mean"
    """Mean of each channel: c numbers."""
    STD = "std"
    """Standard deviation of each channel: c numbers."""
    SKEWNESS = "skewness"
    """Third standardised moment of each channel, 0 for a constant one: c numbers."""
    KURTOSIS = "kurtosis"
    """Fourth standardised moment of each channel, at most 200: c numbers."""
    CORRELATION = "correlation"
    """Pearson correlation of every pair of channels, 0 with a constant one: c (c - 1) / 2."""

    def width(self, channels: int) -> int:
        """Numbers that it makes of a stage with ``channels``."""
        return channels * (channels - 1) // 2 if self is Statistic.CORRELATION else channels


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of a recipe: a statistic of a stage, written ``"mean block1"``."""

    statistic: Statistic
    stage: str

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a measure from its written form."""
        statistic, stage = line.split()
        return cls(Statistic(statistic), stage)


def recipe_width(recipe: Iterable[str], channels: Mapping[str, int]) -> int:
    """Numbers that ``recipe`` makes; ``channels`` are those of each stage."""
    measures = [Measure.parse(line) for line in recipe]
    return sum(each.statistic.width(channels[each.stage]) for each in measures)


class StagesBackbone(NetworkBackbone):
    """The statistics that the card's recipe lists, of a network's stages, at native resolution.

    ``stages`` maps names to modules, each applied to what the one before it makes.
    """

    def __init__(self, card: BackboneCard, native: NativeSize, stages: nn.Sequential) -> None:
        self._native = native
        self._measures = tuple(Measure.parse(line) for line in card.recipe)
        needed = {measure.stage for measure in self._measures}
        self._names = [name for name, _ in stages.named_children() if name in needed]

        def outputs(folded: nn.Module) -> nn.Module:
            return StageActivations(folded, self._names)

        super().__init__(card, stages, _EXAMPLE_SIZE, outputs, any_size=True)

    def _extract_one(self, image: Image.Image) -> Features:
        with torch.inference_mode():
            activations = self.run(native_pixels(image, self._native, self.card.interpolation))
            seen = [StageStatistics(each.permute(0, 3, 1, 2)) for each in activations]
            of = dict(zip(self._names, seen, strict=True))
            parts = [of[each.stage].get(each.statistic) for each in self._measures]
            features: Features = torch.cat(parts).numpy()
        return features


class StageActivations(nn.Module):
    """What the stages of ``names`` make, in their order; nothing after the last is run."""

    def __init__(self, stages: nn.Module, names: Collection[str]) -> None:
        super().__init__()
        children = list(stages.named_children())
        depth = max(at for at, (name, _) in enumerate(children) if name in names) + 1
        self.stages = nn.ModuleList(stage for _, stage in children[:depth])
        self._told = [name in names for name, _ in children[:depth]]

    def forward(self, hidden: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Activations [1, c, h, w] of pixels [1, 3, h, w]."""
        found = []
        for stage, told in zip(self.stages, self._told, strict=True):
            hidden = stage(hidden)
            if told:
                found.append(hidden)
        return tuple(found)


class StageStatistics:
    """Statistics of one activation [1, c, h, w] over its h * w places."""

    def __init__(self, activation: torch.Tensor) -> None:
        places = activation[0].permute(1, 2, 0).flatten(0, 1)  # [h * w, c]
        self._mean = places.mean(0)
        self._centred = places - self._mean
        # One product gives all second moments; its diagonal holds the variances.
        self._covariance = self._centred.T @ self._centred / len(places)
        self._variance = self._covariance.diagonal().clamp_min(0)

    def get(self, statistic: Statistic) -> torch.Tensor:
        """The numbers of ``statistic``, float32 [statistic.width(c)]."""
        match statistic:
            case Statistic.MEAN:
                return self._mean
            case Statistic.STD:
                return self._variance.sqrt()
            case Statistic.SKEWNESS:
                return (self._centred * self._scale()).pow(3).mean(0)
            case Statistic.KURTOSIS:
                fourth = (self._centred * self._scale()).pow(4).mean(0)
                return fourth.clamp_max(_KURTOSIS_CEILING)
            case Statistic.CORRELATION:
                scale = self._scale()
                correlation = self._covariance * scale[:, None] * scale
                return correlation.flatten()[_pairs(len(scale))].clamp(-1, 1)

    def _scale(self) -> torch.Tensor:
        """1 / standard deviation; 0 for a channel that does not vary, so that it tells nothing."""
        varies = self._variance > _VARIANCE_FLOOR
        return varies / self._variance.clamp_min(_VARIANCE_FLOOR).sqrt()


@cache
def _pairs(channels: int) -> torch.Tensor:
    """The places of all pairs of different channels in a flat matrix [channels * channels]."""
    rows, columns = torch.triu_indices(channels, channels, 1)
    places: torch.Tensor = rows * channels + columns
    return places
