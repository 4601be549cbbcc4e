"""Backbones by name. Importing this imports no torch; loading a backbone does.

A name is one of :func:`backbone_names`, ``timm/<model>`` for any network of timm, or several of
these joined with ``+``.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import TIMM_PREFIX
from review_app.inference.backbones.joined import JOINT, JoinedBackbone

_PACKAGE = "review_app.inference.backbones"
_MODULES = {
    "efficientnet_lite0": f"{_PACKAGE}.efficientnet",
    "efficientnet_lite0_gram": f"{_PACKAGE}.efficientnet_gram",
    "forensic": f"{_PACKAGE}.forensic.backbone",
    "xception": f"{_PACKAGE}.xception",
}
"""Name → module with ``CARD`` and ``load(weights: Path | None) -> Backbone``."""
FETCHED = {"xception"}
"""Names whose weights do not come with an installed package."""


def backbone_names() -> tuple[str, ...]:
    """The names of single backbones but timm's own, in alphabetical order."""
    return tuple(sorted(_MODULES))


def load_backbone(name: str, *, weights: Path | None = None) -> Backbone:
    """The backbone called ``name``, ready to extract.

    ``weights`` is a local file where the backbone does not bring its own; of a concatenation, it is
    for the one part that does not. Raises BackboneError for an unknown name, and for weights that
    cannot be had, do not fit or are damaged.
    """
    names = name.split(JOINT)
    if len(names) == 1:
        return _load(name, weights)
    for part in names:
        _require_known(part)
    if len(set(names)) < len(names):
        raise BackboneError(f"{name} names a backbone twice; name each once")
    takers = [part for part in names if part in FETCHED or part.startswith(TIMM_PREFIX)]
    if weights is not None and len(takers) != 1:
        raise BackboneError(
            f"{weights} cannot be used for {name}: {len(takers)} of its parts take a weights file; "
            "leave the weights out"
        )
    return JoinedBackbone([_load(part, weights if part in takers else None) for part in names])


def _load(name: str, weights: Path | None) -> Backbone:
    _require_known(name)
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
