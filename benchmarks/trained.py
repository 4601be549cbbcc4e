"""Detectors trained on some kinds of images alone, for benchmarks that show them others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.inference.backbones import load_backbone
from review_app.inference.backbones.base import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, load_labelled
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.inference.presets import PRESETS, Preset, only_heads, preset_called
from review_app.inference.scopes import expert_kinds, kind_name
from review_app.lab.training import train_heads
from review_app.lab.versions import load_versions
from review_app.manifests.manifest import Manifest, read_manifest
from review_app.scores.own import own_scores
from review_app.scores.reading import read_scores
from review_app.scores.table import ScoreTable
from review_app.scores.writing import write_scores

Grids = tuple[ThresholdGrid, ThresholdGrid]


@dataclass(frozen=True)
class Detector:
    """A detector, and what it says of test images of all kinds."""

    name: str
    table: ScoreTable
    grids: Grids | None
    """Its own threshold grids; None: a part of the scores makes them."""

    def scored_by(self, kind: str) -> ScoreTable:
        """``shipped``, or ``p_fake`` as if nothing measured novelty."""
        if kind == "p_fake":
            return replace(self.table, score=self.table.p_fake)
        return self.table


@dataclass(frozen=True)
class Trainer:
    """Trains detectors on the rows of a manifest, once each: they are kept in a folder."""

    manifest: Manifest
    backbone: Backbone
    preset: Preset
    features: DirectoryFeatureCache
    out: Path
    """The folder for checkpoints and score files."""

    @classmethod
    def of(
        cls,
        manifest: Path,
        backbone: str,
        preset: str | Preset,
        features: Path,
        out: Path,
        heads: Sequence[str] = (),
    ) -> Trainer:
        """The trainer for the images of ``manifest``, whose features ``features`` keeps; of the
        preset's heads it trains ``heads`` alone, where some are named."""
        chosen = preset if isinstance(preset, Preset) else preset_called(preset)
        return cls(
            read_manifest(manifest),
            load_backbone(backbone),
            only_heads(chosen, heads) if heads else chosen,
            DirectoryFeatureCache(features),
            out,
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The sources of the test images."""
        return tuple(sorted({row.source for row in self.manifest.split("test") if row.source}))

    def detector(self, name: str, kinds: Collection[str]) -> Detector:
        """The detector of ``kinds`` alone, and its scores of every test image."""
        checkpoint = self._checkpoint(name, kinds)
        test = self.images("test")
        path = self.out / f"{name}.csv"
        write_scores(path, own_scores(checkpoint, test, self.manifest.split("test")))
        return Detector(name, read_scores(path), ladders(checkpoint))

    def as_it_is(self, folder: Path) -> list[Detector]:
        """The checkpoint in ``folder`` and its scores of every test image, twice: with the images'
        own sources, and with the kinds that its gate takes them for in their place."""
        checkpoint = _default_alone(Checkpoint.load(folder))
        test = self.images("test")
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"{checkpoint.card.name}.csv"
        write_scores(path, own_scores(checkpoint, test, self.manifest.split("test")))
        table, nearest = read_scores(path), checkpoint.model.kinds(test.features)
        names = [kind_name(members) or "" for members in expert_kinds(checkpoint.card)]
        kinds = np.array(
            [names[at] for at in nearest]
            if nearest is not None
            else (names or [""])[:1] * len(test),
            object,
        )
        return [
            Detector(checkpoint.card.name, table, ladders(checkpoint)),
            Detector(
                f"{checkpoint.card.name} by its gate",
                replace(table, source=kinds),
                ladders(checkpoint),
            ),
        ]

    def images(self, split: str) -> LabelledFeatures:
        """The images of one split."""
        return load_labelled(
            self.manifest,
            self.manifest.split(split),
            self.backbone,
            self.features,
            purpose="measuring",
        )

    def _checkpoint(self, name: str, kinds: Collection[str]) -> Checkpoint:
        data = hashlib.sha256(self.manifest.path.read_bytes()).hexdigest()[:8]
        whole = PRESETS.get(self.preset.name)
        heads = sorted(name.value for name in self.preset.heads)
        preset = "-".join([self.preset.name, *heads] if whole != self.preset else [whole.name])
        folder = self.out / "checkpoints" / f"{name}-{preset}-{self.backbone.key}-{data}"
        if folder.is_dir():
            return Checkpoint.load(folder)
        parts = (
            load_versions(
                self.manifest,
                [row for row in self.manifest.split(split) if row.source in kinds],
                self.backbone,
                self.preset.copies,
                self.features,
                purpose="training",
            )
            for split in ("train", "val")
        )
        made = train_heads(
            *parts,
            backbone=self.backbone.card,
            backbone_key=self.backbone.key,
            name=name,
            data_name=self.manifest.path.name,
            preset=self.preset,
        )
        made.save(folder)
        return made


def _default_alone(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint without the heads that are not asked."""
    name, model = checkpoint.default_head, checkpoint.model
    return replace(checkpoint, model=replace(model, heads={name: model.heads[name]}))


def ladders(checkpoint: Checkpoint) -> Grids:
    """The threshold grids for real and for fake of the default head."""
    grid = checkpoint.card.heads[checkpoint.default_head].ladder
    return (
        ThresholdGrid(Side.REAL, grid.real.thresholds, grid.real.acceptance),
        ThresholdGrid(Side.FAKE, grid.fake.thresholds, grid.fake.acceptance),
    )
