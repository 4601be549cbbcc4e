"""From labelled images to a checkpoint: heads on train, choices on val, figures on test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from review_app.datasets.manifest import Manifest, require_labels
from review_app.detector.backbones.base import Backbone
from review_app.detector.backbones.card import BackboneCard
from review_app.detector.card import HeadCard, TrainingData
from review_app.detector.checkpoint import Checkpoint, refuse_existing
from review_app.detector.choices import best_threshold, choose_head, ladders, uncertainty_cuts
from review_app.detector.dataset import Decoder, LabelledFeatures, decode_plainly, load_labelled
from review_app.detector.features import FeatureCache, Progress
from review_app.detector.heads import (
    PRESETS,
    SOURCE_SEED,
    Head,
    HeadName,
    HeadPrediction,
    Standardizer,
    Training,
)
from review_app.detector.metrics import Metrics, head_metrics
from review_app.errors import DetectorError, ManifestError

LICENCE_OF_UNKNOWN_DATA = "not stated: depends on the licences of the training images"


def train(
    manifest: Manifest,
    backbone: Backbone,
    out: Path,
    *,
    cache: FeatureCache | None = None,
    preset: str = "source",
    seed: int = SOURCE_SEED,
    name: str | None = None,
    licence: str = LICENCE_OF_UNKNOWN_DATA,
    parent: str | None = None,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
) -> Checkpoint:
    """Train every head of ``preset`` on ``manifest`` and save the checkpoint in the folder ``out``.

    The manifest needs the splits ``train`` and ``val``, each with both classes; ``test``, where it
    has one, is only measured. ``out`` must not exist yet, and appears whole or not at all; its
    name is the checkpoint's unless ``name`` is given. ``progress`` counts images.

    Raises ManifestError for a manifest that cannot train, naming rows; DetectorError for an unknown
    preset; CheckpointError where ``out`` cannot be written.
    """
    refuse_existing(out)
    _trainings(preset)
    for split in ("train", "val"):
        if not manifest.split(split):
            raise ManifestError(
                f"{manifest.path} has no rows of split '{split}'; training needs train and val in "
                "the column split"
            )
        require_labels(manifest, manifest.split(split), split)
    rows = [row for split in ("train", "val", "test") for row in manifest.split(split)]
    data = load_labelled(
        manifest, rows, backbone, cache, purpose="training", decode=decode, progress=progress
    )
    ends = [len(manifest.split("train")), len(manifest.split("train") + manifest.split("val"))]
    checkpoint = train_heads(
        data[: ends[0]],
        data[ends[0] : ends[1]],
        test=data[ends[1] :] if len(data) > ends[1] else None,
        backbone=backbone.card,
        backbone_key=backbone.key,
        name=name or out.name,
        data_name=manifest.path.name,
        preset=preset,
        seed=seed,
        licence=licence,
        parent=parent,
    )
    checkpoint.save(out)
    return checkpoint


def train_heads(
    train: LabelledFeatures,
    val: LabelledFeatures,
    *,
    backbone: BackboneCard,
    backbone_key: str,
    name: str,
    data_name: str,
    test: LabelledFeatures | None = None,
    preset: str = "source",
    seed: int = SOURCE_SEED,
    licence: str = LICENCE_OF_UNKNOWN_DATA,
    parent: str | None = None,
) -> Checkpoint:
    """The checkpoint of features in memory, not saved; a few seconds for a few thousand images.

    Raises DetectorError where ``train`` or ``val`` lacks a class, or for an unknown preset.
    """
    for data, what in ((train, "training"), (val, "validation")):
        if data.is_fake.all() or not data.is_fake.any():
            raise DetectorError(
                f"the {len(data)} {what} images are not of both classes; add real and fake ones"
            )
    trainings = _trainings(preset)
    standardizer = Standardizer.fit(train.features)
    standardised = standardizer.apply(train.features)
    heads = {
        head: training.fit(standardised, train.is_fake, seed=seed)
        for head, training in trainings.items()
    }
    on_val = _predict(standardizer, heads, val)
    on_test = _predict(standardizer, heads, test) if test else {}
    facts = {
        "name": name,
        "created_at": datetime.now(UTC),
        "backbone": backbone,
        "backbone_key": backbone_key,
        "preset": preset,
        "seed": seed,
        "data": _training_data(data_name, train, val, test),
        "default_head": choose_head(on_val, val.is_fake),
        "heads": {
            each: _head_card(head, trainings[each], (on_val[each], val), (on_test.get(each), test))
            for each, head in heads.items()
        },
        "licence": licence,
        "parent": parent,
    }
    return Checkpoint.assemble(facts, standardizer, heads, train.keys + val.keys)


def _trainings(preset: str) -> Mapping[HeadName, Training]:
    if preset not in PRESETS:
        raise DetectorError(f"there is no preset {preset!r}; choose from: {', '.join(PRESETS)}")
    return PRESETS[preset]


def _predict(
    standardizer: Standardizer, heads: Mapping[HeadName, Head], data: LabelledFeatures
) -> dict[HeadName, HeadPrediction]:
    standardised = standardizer.apply(data.features)
    return {name: head.predict(standardised) for name, head in heads.items()}


def _head_card(
    head: Head,
    training: Training,
    validation: tuple[HeadPrediction, LabelledFeatures],
    test: tuple[HeadPrediction | None, LabelledFeatures | None],
) -> HeadCard:
    prediction, val = validation
    threshold = best_threshold(prediction.p_fake, val.is_fake)
    on_test, test_data = test
    return HeadCard(
        training=asdict(training),  # type: ignore[call-overload]
        losses=head.losses,
        threshold=threshold,
        cuts=uncertainty_cuts(prediction, head.has_std),
        ladder=ladders(prediction.p_fake),
        validation=head_metrics(prediction, val.is_fake, threshold, has_std=head.has_std),
        test=_by_source(on_test, test_data, threshold, head.has_std)
        if on_test and test_data
        else {},
    )


def _by_source(
    prediction: HeadPrediction, data: LabelledFeatures, threshold: float, has_std: bool
) -> dict[str, Metrics]:
    figures = {"all": head_metrics(prediction, data.is_fake, threshold, has_std=has_std)}
    for source in sorted(set(data.sources) - {""}):
        rows = data.from_source(source)
        figures[source] = head_metrics(
            prediction.take(rows), data.is_fake[rows], threshold, has_std=has_std
        )
    return figures


def _training_data(
    name: str, train: LabelledFeatures, val: LabelledFeatures, test: LabelledFeatures | None
) -> dict[str, Any]:
    sources = {source: train.sources.count(source) for source in sorted(set(train.sources) - {""})}
    return TrainingData(
        name=name,
        n_train=len(train),
        n_val=len(val),
        n_test=len(test) if test else 0,
        fake_share=float(train.is_fake.mean()),
        sources=sources,
    ).model_dump()
