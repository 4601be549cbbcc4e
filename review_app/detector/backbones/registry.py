"""Backbones by name. Importing this imports no torch; loading a backbone does."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from review_app.detector.backbones.base import Backbone
from review_app.errors import BackboneError

_MODULES = {
    "efficientnet_lite0": "review_app.detector.backbones.efficientnet",
    "efficientnet_lite0_gram": "review_app.detector.backbones.efficientnet_gram",
    "xception": "review_app.detector.backbones.xception",
}
"""Name → module with ``CARD`` and ``load(weights: Path | None) -> Backbone``."""


def backbone_names() -> tuple[str, ...]:
    """Every name that :func:`load_backbone` takes, in alphabetical order."""
    return tuple(sorted(_MODULES))


def load_backbone(name: str, *, weights: Path | None = None) -> Backbone:
    """The backbone called ``name``, ready to extract.

    ``weights`` is a local file where the backbone does not bring its own. Raises BackboneError for
    an unknown name, and for weights that cannot be had, do not fit or are damaged.
    """
    if name not in _MODULES:
        known = ", ".join(backbone_names())
        raise BackboneError(f"there is no backbone called {name!r}; choose from: {known}")
    backbone: Backbone = import_module(_MODULES[name]).load(weights)
    return backbone
