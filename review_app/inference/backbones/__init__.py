"""Backbones: images in, features out. torch is imported when one is loaded, not before."""

from __future__ import annotations

from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.registry import backbone_names, load_backbone

__all__ = ["Backbone", "BackboneCard", "Features", "backbone_names", "load_backbone"]
