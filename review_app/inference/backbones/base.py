"""The contract of every backbone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.inference.backbones.card import BackboneCard

if TYPE_CHECKING:
    from review_app.inference.backbones.network import NetworkBackbone

Features = NDArray[np.float32]


class Backbone(Protocol):
    """A frozen network (or statistic) from images to feature vectors."""

    @property
    def card(self) -> BackboneCard:
        """What it is."""
        ...

    @property
    def key(self) -> str:
        """The name of backbone, version and exact weights: features of one key may be mixed."""
        ...

    def extract(self, images: Sequence[Image.Image]) -> Features:
        """Features of ``images``, float32 [n, card.width].

        Each row depends on its own image alone, to the last bit, whatever the batch. Values are
        rounded to what float16 holds, so that a cache may keep two bytes a number and return the
        same bits.
        """
        ...

    def extract_one(self, image: Image.Image) -> Features:
        """The row of one image, float32 [card.width], made in the thread that asks for it."""
        ...

    def networked(self) -> tuple[NetworkBackbone, ...]:
        """Its parts whose networks an engine runs; none where it has no network."""
        ...


@dataclass(frozen=True, slots=True)
class FetchedWeights:
    """Weights that were fetched, verified and loaded once."""

    file: Path
    licence: Path
    """The words of whoever publishes them, beside the file."""
    key: str
    """The key of the backbone with them."""


def round_features(features: NDArray[np.float32]) -> Features:
    """Nearest values that float16 can hold, as float32; the one rounding rule of all backbones."""
    limit = np.finfo(np.float16).max
    clipped = np.clip(features, -limit, limit)
    return clipped.astype(np.float16).astype(np.float32)
