"""``efficientnet_lite0_gram``: stage statistics of EfficientNet-Lite0 at native resolution.

The last layer tells what a picture shows; the early stages tell how it was made.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from torch import nn

from review_app.inference.backbones import efficientnet
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import BackboneCard, NativeSize
from review_app.inference.backbones.stages import StagesBackbone, recipe_width

RECIPE = (
    "mean block1", "mean block2", "mean block3", "mean block4",
    "std block1", "std block2", "std block3", "std block4",
    "correlation stem", "correlation block1", "correlation block2", "correlation block3",
)  # fmt: skip
"""What is measured; the one place to change it. Stages: ``stem`` and ``block0`` to ``block5``."""

TEXTURE = 9
"""The first lines of the recipe: on training and validation images they tell what is unlike the
training best. The deeper correlations vary too much within a source."""

NATIVE = NativeSize(largest=256, smallest=32, ratio=2.0)
"""Statistics depend on resolution: none beyond that of the images they were chosen on."""

_CHANNELS = {
    "stem": 32, "block0": 16, "block1": 24, "block2": 40, "block3": 80, "block4": 112,
    "block5": 192,
}  # fmt: skip


def card_of(name: str, version: int, recipe: tuple[str, ...]) -> BackboneCard:
    """The card of a backbone that measures ``recipe``, whose first lines are :data:`RECIPE`'s."""
    return replace(
        efficientnet.CARD,
        name=name,
        version=version,
        resize=0,
        input_size=0,
        width=recipe_width(recipe, _CHANNELS),
        native=NATIVE,
        recipe=recipe,
        texture=((0, recipe_width(recipe[:TEXTURE], _CHANNELS)),),
    )


CARD = card_of("efficientnet_lite0_gram", 2, RECIPE)


weights_here = efficientnet.weights_here


def load(weights: Path | None) -> Backbone:
    """The stages of EfficientNet-Lite0; weights as for ``efficientnet_lite0``."""
    return load_as(CARD, weights)


def load_as(card: BackboneCard, weights: Path | None) -> Backbone:
    """The same stages, of which ``card`` says what is measured."""
    model = efficientnet.network(weights)
    stem = nn.Sequential(OrderedDict(conv=model.conv_stem, norm=model.bn1))
    blocks = {f"block{i}": block for i, block in enumerate(list(model.blocks)[:6])}
    return StagesBackbone(card, NATIVE, nn.Sequential(OrderedDict(stem=stem, **blocks)))
