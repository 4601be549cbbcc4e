"""Concatenations ``a+b``: the features of several backbones side by side, from one decode."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from PIL import Image

from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.preprocess import to_rgb

JOINT = "+"
_VERSION = 1


class JoinedBackbone:
    """Several backbones as one; a row holds the very bits that each of them makes by itself."""

    def __init__(self, parts: Sequence[Backbone]) -> None:
        self._parts = tuple(parts)
        self.card = _card(tuple(part.card for part in parts))
        digest = hashlib.sha256("\n".join(part.key for part in parts).encode()).hexdigest()
        self.key = f"{self.card.name}-v{_VERSION}-{digest[:12]}"

    def extract(self, images: Sequence[Image.Image]) -> Features:
        """Features of ``images``, float32 [n, sum of the parts' widths]; see the protocol."""
        rgb = [to_rgb(image) for image in images]  # once, for all parts
        return np.hstack([part.extract(rgb) for part in self._parts])


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
