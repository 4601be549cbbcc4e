"""``xception``: the backbone of the source method; its weights are fetched once or given."""

from __future__ import annotations

from pathlib import Path

import torch

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.torch_runtime import timm

_IMAGENET_MEAN = (123.675, 116.28, 103.53)  # 255 * (.485, .456, .406)
_IMAGENET_STD = (58.395, 57.12, 57.375)  # 255 * (.229, .224, .225)

CARD = BackboneCard(
    name="xception",
    version=1,
    model="legacy_xception",
    weights="ImageNet-1k, through timm (legacy_xception.tf_in1k) or a local copy of that file",
    licence="Apache-2.0",
    resize=342,
    input_size=299,
    interpolation="bilinear",
    mean=_IMAGENET_MEAN,
    std=_IMAGENET_STD,
    width=2048,
)


def load(weights: Path | None) -> Backbone:
    """Xception without its classifier, preprocessing as in the source method.

    Resize(342), CenterCrop(299) and the ImageNet mean and std, 2,048 features. ``weights`` is a
    copy of timm's file for ``legacy_xception.tf_in1k``; without it timm takes the file from its
    cache or fetches it once. The classifier is loaded too and then dropped, because timm loads
    leniently where the number of classes differs.
    """
    if weights is not None and not weights.is_file():
        raise BackboneError(f"there is no weights file {weights} for xception; {_REMEDY}")
    source = {"pretrained_cfg_overlay": {"file": str(weights)}} if weights else {}
    try:
        model = timm().create_model(CARD.model, pretrained=True, **source)
    except Exception as error:  # the hub client, torch and safetensors share no base class
        where = f"from {weights}" if weights else "without network"
        raise BackboneError(
            f"the weights of xception cannot be had {where} ({error}); {_REMEDY}"
        ) from error
    model.reset_classifier(0)
    return TimmBackbone(CARD, model)


def weights_here(weights: Path | None) -> bool:
    """Whether there is a file to load: ``weights``, or the one that timm has fetched before."""
    return (weights or Path(torch.hub.get_dir()) / "checkpoints" / _FILE).is_file()


_FILE = "xception-43020ad28.pth"
_REMEDY = (
    "load timm's legacy_xception once on a machine with network, copy the file it fetches "
    f"({_FILE}) here and give its path as the backbone's weights; or use "
    "efficientnet_lite0, which brings its own"
)
