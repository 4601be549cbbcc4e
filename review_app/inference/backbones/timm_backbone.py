"""Backbones that are a timm network without its classifier, on the card's square of pixels."""

from __future__ import annotations

from PIL import Image
from torch import nn

from review_app.inference.backbones.base import Features
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.network import NetworkBackbone
from review_app.inference.backbones.preprocess import pixels


class TimmBackbone(NetworkBackbone):
    """A timm model without classifier; see `backbones.base.Backbone`."""

    def __init__(self, card: BackboneCard, model: nn.Module) -> None:
        super().__init__(card, model, card.input_size)

    def _extract_one(self, image: Image.Image) -> Features:
        (rows,) = self.run(pixels(image, self.card))
        features: Features = rows[0].numpy().copy()
        return features
