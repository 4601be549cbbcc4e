"""``efficientnet_lite0_gram4``: as ``efficientnet_lite0_gram``, with one deeper correlation.

The correlations of block 4 cost one small product an image, and are worth more than any other part
on images of generators that training did not see, and on faces swapped into photos.
"""

from __future__ import annotations

from pathlib import Path

from review_app.inference.backbones import efficientnet_gram
from review_app.inference.backbones.base import Backbone

RECIPE = (*efficientnet_gram.RECIPE, "correlation block4")

CARD = efficientnet_gram.card_of("efficientnet_lite0_gram4", 1, RECIPE)


def load(weights: Path | None) -> Backbone:
    """The stages of EfficientNet-Lite0; weights as for ``efficientnet_lite0``."""
    return efficientnet_gram.load_as(CARD, weights)


weights_here = efficientnet_gram.weights_here
