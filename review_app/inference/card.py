"""``card.json``: everything about a checkpoint that is not a tensor. Schema version 2.

A card is read strictly: an unknown or missing field, or another schema version, is an error. Cards
of version 1, and older ones of version 2, are read too: they lack what has a default here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from review_app.inference.backbones.card import BackboneCard
from review_app.inference.calibration import CalibrationName
from review_app.inference.heads import HeadName
from review_app.inference.rejection import Doubt

SCHEMA_VERSION = 2
READABLE_VERSIONS = (1, 2)

Words = dict[str, str]
"""A phrase in one or more languages, by tag ("en"): the card's author wrote it, no catalogue has
it."""
Estimate = tuple[float, float | None, float | None]
"""A figure with the ends of its 95% interval, which are None where too few images stand behind
it."""


class CardPart(BaseModel):
    """A part of a card: frozen, and read strictly."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class ThresholdGridCard(CardPart):
    """Candidate thresholds on the score of one side, from validation scores; most conservative
    first.

    Certificates may test these on calibration images because other images chose them.
    """

    thresholds: tuple[float, ...]
    """The thresholds, falling and above 0.5 for fake (score >= threshold), rising and below 0.5 for
    real."""
    acceptance: tuple[float, ...]
    """Share of validation images that each threshold accepts."""


class ThresholdGridCards(CardPart):
    """The grids of both sides; either may be empty."""

    fake: ThresholdGridCard
    real: ThresholdGridCard


class Cuts(CardPart):
    """What the most uncertain fifth of the validation images exceeds, each measure by itself: from
    there on triage marks an image for retraining or for a second reviewer."""

    entropy: float
    std: float | None
    """The cut of the spread; None for a head with one set of weights, which has none."""
    mutual_information: float | None


class RejectCard(CardPart):
    """The reject score of a head; see :mod:`review_app.inference.rejection`."""

    doubt: Doubt
    """What ranked errors best on validation images."""
    shrunk: bool
    """Whether novelty raises it."""
    validation_aurc: dict[str, float] = {}
    """AURC on validation images of each doubt, and of the chosen one with novelty (``shrunk``)."""


class CalibrationCard(CardPart):
    """The calibration of a head's P(fake)."""

    name: CalibrationName
    nll: dict[str, float] = {}
    """Cross-validated negative log-likelihood on validation images, by calibration."""
    kinds: tuple[CalibrationName, ...] = ()
    """The calibration of each expert's images, in the order of the experts; empty where ``name`` is
    that of all."""


class HeadCard(CardPart):
    """The card of one head: how it was trained, what was chosen on validation images, and what it
    is worth."""

    training: dict[str, float]
    """The hyper-parameters of the training."""
    facts: dict[str, float] = {}
    """What training found out by itself, e.g. a prior chosen by the evidence."""
    losses: tuple[float, ...]
    """Mean training loss of each epoch."""
    threshold: float
    """An image is called fake at P(fake) >= threshold; that of the highest balanced accuracy."""
    thresholds: dict[str, float] = {}
    """The thresholds of the highest ``balanced_accuracy``, ``f1`` and ``accuracy`` on validation
    images."""
    calibration: CalibrationCard = CalibrationCard(name=CalibrationName.NONE)
    reject: RejectCard = RejectCard(doubt=Doubt.CONFIDENCE, shrunk=False)
    cuts: Cuts
    ladder: ThresholdGridCards
    """The threshold grids, by the name that cards have had for them since their first version."""
    validation: dict[str, Any]
    """Metrics on validation images: optimistic, since they made the choices."""
    test: dict[str, dict[str, Any]]
    """Metrics on test images: ``all`` of them, and each source apart; empty without test images."""


class TrainingData(CardPart):
    """The images that the checkpoint has learned from."""

    name: str
    """File name of the manifest, or what else the caller calls the data."""
    n_train: int
    n_val: int
    n_test: int
    fake_share: float
    """Share of fakes among the training images, as they are weighed."""
    sources: dict[str, int]
    """Training images per source."""
    generators: dict[str, int] = {}
    """Training images per generator, as the manifest names them."""
    n_effective: float | None = None
    """The number of training images of equal weight that would tell as much as the weighted ones;
    None without weights."""
    copies: tuple[str, ...] = ()
    """How each training image was prepared again, in words."""
    folds: int = 0
    """0: the heads learned from the training images, and the validation images made the choices.
    k: they learned from both, and cross-fitting over k folds made the choices."""


class NoveltyCard(CardPart):
    """The scale of novelty, and how unlike the training images an image must be to be flagged."""

    cut: float
    """The z above which it is."""
    flagged: float
    """Share of validation images, as they are, beyond the cut."""


class ScopeFigures(CardPart):
    """The figures of one head on the test images of one kind."""

    auroc: Estimate | None = None
    """AUROC between the fakes and the reals of the kind; of a generator, between its images and
    the reals of its source. None where a class is missing."""
    error: Estimate | None = None
    """The share of its images that are called wrongly at the head's threshold."""


class MeasuredKind(CardPart):
    """A kind of images, with how much a checkpoint learned from it and how it did on it."""

    name: str
    """The name by which manifests call it."""
    content: Words = {}
    """What its images show; empty where nobody said."""
    n_train: int
    n_test: int | None
    """The number of test images; None in cards from before scopes were measured."""
    unlike: float | None = None
    """The share of its test images that are called unlike the training images; None where nothing
    measures it."""
    heads: dict[HeadName, ScopeFigures] = {}
    """The figures by head; empty without test images."""


class ScopeCard(MeasuredKind):
    """A source: what came from one place, real and fake."""

    licence: str = ""
    """What the images may be used for; empty where nobody said."""
    generators: tuple[MeasuredKind, ...] = ()
    """What made its fakes, where the manifest says so."""


class LearnedCard(CardPart):
    """What people's labels have taught a checkpoint, beside its parent or the parent's images."""

    head: HeadName | None
    """The head of the parent that labels have changed; None where all heads were trained anew."""
    labels: dict[str, int]
    """How many labels of people it learned from: ``real`` and ``fake``."""
    n_effective: float
    """How many labels of equal weight would tell as much."""
    clipped: int
    """Labels whose weight was cut down to ``largest_weight``."""
    largest_weight: float
    """The largest weight, in units of the mean one."""
    held_out: int
    """The newest labels, which it was not shown: what it is compared on."""
    held_out_since: datetime | None
    """The time of the first of them."""
    told: dict[str, int] = {}
    """How many of the labels it learned from are from audits, corrected, or put first; and how
    many were kept apart."""
    data_sha256: str
    """The SHA-256 of the images' hashes, labels and weights."""


class CheckpointCard(CardPart):
    """The card; see the module."""

    schema_version: Literal[1, 2]
    name: str
    created_at: datetime
    backbone: BackboneCard
    backbone_key: str
    """Features of any other key are refused."""
    preset: str
    seed: int
    data: TrainingData
    default_head: HeadName
    """The head with the lowest AURC of its reject score on validation images."""
    heads: dict[HeadName, HeadCard]
    experts: tuple[tuple[str, ...], ...] = ()
    """The sources that each expert is for; empty where there is no gate."""
    components: int = 0
    """Principal components of the features that the heads see; 0: the features themselves."""
    novelty: NoveltyCard | None = None
    scopes: tuple[ScopeCard, ...] = ()
    """The kinds that it was measured on; empty in older cards, of which
    :func:`review_app.inference.scopes.scopes_of` tells what can be told."""
    learned: LearnedCard | None = None
    """What people's labels taught it; None for a checkpoint made without any."""
    failures: tuple[Words, ...] = ()
    """What it is known to fail at, a sentence each."""
    licence: str
    """What may be done with the checkpoint, given its weights and its data."""
    parent: str | None
    """Identity of the checkpoint that this one replaces."""
    heads_sha256: str
    """The SHA-256 of heads.safetensors."""

    @property
    def id(self) -> str:
        """The identity of the checkpoint: its name and a short hash of its tensors."""
        return f"{self.name}-{self.heads_sha256[:12]}"

    @property
    def told(self) -> int:
        """Width of what heads are told of an image before any gate."""
        return self.components or self.backbone.width

    @property
    def inputs(self) -> int:
        """Width of what the heads see."""
        return self.told * max(len(self.experts), 1)
