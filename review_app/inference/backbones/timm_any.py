"""``timm/<name>``: any network of timm by its name there, preprocessing as timm says for it."""

from __future__ import annotations

import math
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import TIMM_PREFIX, BackboneCard
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.torch_runtime import timm


def load(name: str, weights: Path | None) -> Backbone:
    """The model ``name`` (``timm/resnet10t``, ``timm/resnet10t.c3_in1k``) without its classifier.

    ``weights`` is a copy of the file that timm would fetch; without it timm takes the file from its
    cache or fetches it once. Input size, crop, filter, mean and std come from the model's
    configuration in timm. The classifier is loaded too and then dropped, because timm loads
    leniently where the number of classes differs. Raises BackboneError for a name that timm does
    not know, weights that cannot be had or do not fit, and models that do not take a square or
    make no feature vector.
    """
    model = _model(name, weights)
    model.reset_classifier(0)
    facts = timm().data.resolve_model_data_config(model)
    _, height, side = facts["input_size"]
    if height != side:
        raise BackboneError(
            f"{name} sees {side} x {height} pixels, and only squares are supported; choose another "
            "model"
        )
    card = BackboneCard(
        name=name,
        version=1,
        model=name.removeprefix(TIMM_PREFIX),
        weights=f"timm's {_tagged(model)}, through its hub or a local copy of that file",
        licence=model.pretrained_cfg.get("license") or "not told by timm; see the model's card",
        resize=math.floor(side / facts["crop_pct"]),
        input_size=side,
        interpolation=facts["interpolation"],
        mean=_of_255(facts["mean"]),
        std=_of_255(facts["std"]),
        width=_width(name, model, side),
    )
    return TimmBackbone(card, model)


def _model(name: str, weights: Path | None) -> Any:
    model = name.removeprefix(TIMM_PREFIX)
    # Only names of timm's own: other forms would take weights from anybody's repository.
    if not timm().is_model(model):
        near = get_close_matches(model.partition(".")[0], timm().list_models(), n=3)
        hint = f"did you mean {', '.join(near)}?" if near else "timm.list_models() lists them"
        raise BackboneError(f"timm has no model called {model!r}; {hint}")
    if weights is not None and not weights.is_file():
        raise BackboneError(f"there is no weights file {weights} for {name}; {_REMEDY}")
    source = {"pretrained_cfg_overlay": {"file": str(weights)}} if weights else {}
    try:
        return timm().create_model(model, pretrained=True, **source)
    except Exception as error:  # the hub client, torch and safetensors share no base class
        where = f"from {weights}" if weights else "from the hub or timm's cache"
        raise BackboneError(
            f"the weights of {name} cannot be had {where} ({error}); {_REMEDY}"
        ) from error


def _tagged(model: Any) -> str:
    facts = model.pretrained_cfg
    return ".".join(filter(None, (facts.get("architecture"), facts.get("tag"))))


def _of_255(values: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (round(255 * value, 6) for value in values)
    return red, green, blue


def _width(name: str, model: Any, side: int) -> int:
    with torch.inference_mode():
        features = model.eval()(torch.zeros(1, 3, side, side))
    if features.ndim != 2:
        raise BackboneError(
            f"{name} makes {list(features.shape[1:])} numbers an image instead of one row; choose "
            "a model with pooling"
        )
    return int(features.shape[1])


_REMEDY = (
    "load the model with timm once on a machine with network, copy the file it fetches here and "
    "give its path as the backbone's weights; or use efficientnet_lite0, which brings its own"
)
