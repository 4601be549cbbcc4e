"""Backbones that are a timm network without its classifier, on the card's square of pixels."""

from __future__ import annotations

import torch
from PIL import Image
from torch import nn

from review_app.inference.backbones.base import Features
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.network import ImageNetwork, network_key
from review_app.inference.backbones.preprocess import pixels
from review_app.inference.backbones.threads import PerImageBackbone
from review_app.inference.torch_runtime import use_one_thread


class TimmBackbone(PerImageBackbone):
    """A timm model without classifier; see `backbones.base.Backbone`."""

    def __init__(self, card: BackboneCard, model: nn.Module) -> None:
        # Threads set the limit for themselves too: OpenMP keeps it per thread.
        super().__init__(card, network_key(card, model), prepare=use_one_thread)
        self._network = ImageNetwork(card, model, card.input_size)

    def _extract_one(self, image: Image.Image) -> Features:
        batch = self._network.normalised(pixels(image, self.card))
        with torch.inference_mode():
            features: Features = self._network.model(batch)[0].numpy()
        return features
