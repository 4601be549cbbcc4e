"""Concatenations ``a+b``: the features of several backbones side by side, from one decode."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.card import BackboneCard, NativeSize
from review_app.inference.backbones.preprocess import native_pixels, to_rgb
from review_app.inference.backbones.threads import PerImageBackbone

if TYPE_CHECKING:
    from review_app.inference.backbones.network import NetworkBackbone

JOINT = "+"
_VERSION = 1


class JoinedBackbone(PerImageBackbone):
    """Several backbones as one; a row holds the very bits that each of them makes by itself."""

    def __init__(self, parts: Sequence[Backbone]) -> None:
        self._parts = tuple(parts)
        card = _card(tuple(part.card for part in parts))
        digest = hashlib.sha256("\n".join(part.key for part in parts).encode()).hexdigest()
        super().__init__(card, f"{card.name}-v{_VERSION}-{digest[:12]}")

    def networked(self) -> tuple[NetworkBackbone, ...]:
        """The parts that have a network."""
        return tuple(network for part in self._parts for network in part.networked())

    def _extract_one(self, image: Image.Image) -> Features:
        views = _Views(to_rgb(image))
        return np.concatenate([part.extract_one(views.of(part.card)) for part in self._parts])


class _Views:
    """One image as each part wants it. Native pixels are cut out and resampled once for all parts
    that want the same: of what is within bounds they are all there is."""

    def __init__(self, rgb: Image.Image) -> None:
        self._rgb = rgb
        self._native: dict[tuple[NativeSize, str], Image.Image] = {}

    def of(self, card: BackboneCard) -> Image.Image:
        """What the backbone of ``card`` is given."""
        if card.native is None:
            return self._rgb
        wanted = (card.native, card.interpolation)
        if wanted not in self._native:
            self._native[wanted] = Image.fromarray(native_pixels(self._rgb, *wanted))
        return self._native[wanted]


def _card(parts: tuple[BackboneCard, ...]) -> BackboneCard:
    def words(field: str) -> str:
        return "; ".join(dict.fromkeys(getattr(part, field) for part in parts))

    return BackboneCard(
        name=JOINT.join(part.name for part in parts),
        version=_VERSION,
        model=words("model"),
        weights=words("weights"),
        licence=words("licence"),
        resize=0,
        input_size=0,
        interpolation=words("interpolation"),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        width=sum(part.width for part in parts),
        texture=_texture(parts),
        parts=parts,
    )


def _texture(parts: tuple[BackboneCard, ...]) -> tuple[tuple[int, int], ...]:
    """The parts' spans where they lie in the joined row; a part that singles none out has none."""
    starts = accumulate((part.width for part in parts), initial=0)
    return tuple(
        (start + first, start + last)
        for start, part in zip(starts, parts, strict=False)
        for first, last in part.texture
    )
