"""``card.json``: everything about a checkpoint that is not a tensor. Schema version 1.

A card is read strictly: an unknown or missing field, or another schema version, is an error.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from review_app.detector.backbones.card import BackboneCard
from review_app.detector.heads import HeadName

SCHEMA_VERSION = 1


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Ladder(_Frozen):
    """Candidate thresholds on P(fake) of one side, from validation scores; most conservative first.

    Certificates may test these on calibration images because other images chose them.
    """

    thresholds: tuple[float, ...]
    """Falling and above 0.5 for fake (P(fake) >= threshold), rising and below 0.5 for real."""
    acceptance: tuple[float, ...]
    """Share of validation images that each threshold accepts."""


class Ladders(_Frozen):
    """The ladders of both sides; either may be empty."""

    fake: Ladder
    real: Ladder


class Cuts(_Frozen):
    """What the most uncertain fifth of the validation images exceeds, each measure by itself."""

    entropy: float
    std: float | None
    """None for a head with one set of weights, which has no spread."""
    mutual_information: float | None


class HeadCard(_Frozen):
    """How one head was trained, what was chosen on validation images, and what it is worth."""

    training: dict[str, float]
    """Hyper-parameters."""
    losses: tuple[float, ...]
    """Mean training loss of each epoch."""
    threshold: float
    """Called fake at P(fake) >= threshold; chosen on validation images."""
    cuts: Cuts
    ladder: Ladders
    validation: dict[str, Any]
    """Metrics on validation images: optimistic, since they made the choices."""
    test: dict[str, dict[str, Any]]
    """Metrics on test images: ``all`` of them, and each source apart; empty without test images."""


class TrainingData(_Frozen):
    """What the checkpoint has learned from."""

    name: str
    """File name of the manifest, or what else the caller calls the data."""
    n_train: int
    n_val: int
    n_test: int
    fake_share: float
    """Share of fakes among the training images."""
    sources: dict[str, int]
    """Training images per source."""


class CheckpointCard(_Frozen):
    """The card; see the module."""

    schema_version: Literal[1]
    name: str
    created_at: datetime
    backbone: BackboneCard
    backbone_key: str
    """Features of any other key are refused."""
    preset: str
    seed: int
    data: TrainingData
    default_head: HeadName
    """The head with the lowest AURC of the reject score on validation images."""
    heads: dict[HeadName, HeadCard]
    licence: str
    """What may be done with the checkpoint, given its weights and its data."""
    parent: str | None
    """Identity of the checkpoint that this one replaces."""
    heads_sha256: str
    """Of heads.safetensors."""
