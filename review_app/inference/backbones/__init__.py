"""Backbones: images in, features out. torch is imported when one is loaded, not before."""

from __future__ import annotations

from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.registry import (
    DEFAULT_BACKBONE,
    WeightFiles,
    backbone_names,
    load_backbone,
)

__all__ = [
    "DEFAULT_BACKBONE",
    "Backbone",
    "BackboneCard",
    "Features",
    "WeightFiles",
    "backbone_names",
    "load_backbone",
]
