"""Labelled images become a checkpoint here: heads learn, validation images choose, test
measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from review_app.core.errors import DetectorError
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.card import NoveltyCard, TrainingData
from review_app.inference.checkpoint import Checkpoint, refuse_existing
from review_app.inference.dataset import (
    Decoder,
    LabelledFeatures,
    Versions,
    decode_plainly,
    load_labelled,
)
from review_app.inference.features import FeatureCache
from review_app.inference.heads import SOURCE_SEED
from review_app.inference.laundering import Transform
from review_app.inference.model import Model, fit_model
from review_app.inference.presets import Preset, preset_called
from review_app.inference.seen_images import prefixes
from review_app.lab.datasets.leaks import refuse_leaks
from review_app.lab.head_choices import choose_for_heads, measured
from review_app.lab.scope_words import NO_WORDS, ScopeWords
from review_app.lab.scopes import with_scopes
from review_app.lab.validation import Validation, cross_fit, validate
from review_app.lab.versions import JoinedProgress, rows_of
from review_app.manifests.manifest import Manifest, ManifestRow
from review_app.manifests.weights import effective_size

LICENCE_OF_UNKNOWN_DATA = "not stated: depends on the licences of the training images"


def train(
    manifest: Manifest,
    backbone: Backbone,
    out: Path,
    *,
    cache: FeatureCache | None = None,
    preset: str | Preset = "source",
    seed: int = SOURCE_SEED,
    name: str | None = None,
    licence: str = LICENCE_OF_UNKNOWN_DATA,
    parent: str | None = None,
    words: ScopeWords = NO_WORDS,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
    fits: Progress | None = None,
    finish: Callable[[Checkpoint], Checkpoint] = lambda checkpoint: checkpoint,
) -> Checkpoint:
    """Train every head of ``preset`` on ``manifest`` and save the checkpoint in the folder ``out``.

    The manifest needs the splits ``train`` and ``val``, each with both classes; ``test``, where it
    has one, is only measured. ``out`` must not exist yet, and appears whole or not at all; its
    name is the checkpoint's unless ``name`` is given. ``words`` say what the kinds of images show.
    ``progress`` counts images, every version of each, and then ``fits`` counts the models that are
    fitted. What is saved is what ``finish`` makes of the result.

    Raises ManifestError for a manifest that cannot train, naming rows; DetectorError for an unknown
    preset; CheckpointError where ``out`` cannot be written.
    """
    refuse_existing(out)
    chosen = preset if isinstance(preset, Preset) else preset_called(preset)
    parts = {split: rows_of(manifest, split) for split in ("train", "val")}
    parts["test"] = manifest.split("test")
    learning, test = _load(manifest, parts, chosen, backbone, cache, decode, progress)
    n_train = len(parts["train"])
    checkpoint = train_heads(
        learning.take(np.arange(n_train)),
        learning.take(np.arange(n_train, len(learning))),
        test=test,
        backbone=backbone.card,
        backbone_key=backbone.key,
        name=name or out.name,
        data_name=manifest.path.name,
        preset=chosen,
        seed=seed,
        licence=licence,
        parent=parent,
        words=words,
        fits=fits,
    )
    checkpoint = finish(checkpoint)
    checkpoint.save(out)
    return checkpoint


def train_heads(
    train: Versions,
    val: Versions,
    *,
    backbone: BackboneCard,
    backbone_key: str,
    name: str,
    data_name: str,
    test: LabelledFeatures | None = None,
    preset: str | Preset = "source",
    seed: int = SOURCE_SEED,
    licence: str = LICENCE_OF_UNKNOWN_DATA,
    parent: str | None = None,
    words: ScopeWords = NO_WORDS,
    fits: Progress | None = None,
) -> Checkpoint:
    """The checkpoint of features in memory, not saved; ``train`` and ``val`` have the copies that
    ``preset`` asks for.

    Raises DetectorError where ``train`` or ``val`` lacks a class, or for an unknown preset.
    """
    for data, what in ((train, "training"), (val, "validation")):
        labels = data.originals.is_fake
        if labels.all() or not labels.any():
            raise DetectorError(
                f"the {len(data)} {what} images are not of both classes; add real and fake ones"
            )
    chosen = preset if isinstance(preset, Preset) else preset_called(preset)
    model, validation = _fit(train, val, chosen, backbone, seed, fits)
    novelty = None
    if model.novelty:
        model = replace(model, novelty=model.novelty.scaled(_log_distances(validation)))
        novelty = _novelty_card(model, validation)
    choices = choose_for_heads(model, validation, chosen, seed=seed)
    facts = {
        "name": name,
        "created_at": datetime.now(UTC),
        "backbone": backbone,
        "backbone_key": backbone_key,
        "preset": chosen.name,
        "seed": seed,
        "data": _training_data(data_name, train, val, test, chosen),
        "default_head": choices.default,
        "heads": choices.cards,
        "experts": model.experts,
        "components": model.compression.dimensions if model.compression else 0,
        "novelty": novelty,
        "licence": licence,
        "parent": parent,
    }
    seen = prefixes(train.originals.keys + val.originals.keys)
    checkpoint = Checkpoint.assemble(facts, model, choices.calibrations, seen)
    judgement = checkpoint.judge(test.features) if test else None
    if test and judgement:
        checkpoint = measured(checkpoint, test, judgement)
    return with_scopes(checkpoint, train.originals, test, judgement, words)


def _fit(
    train: Versions,
    val: Versions,
    preset: Preset,
    backbone: BackboneCard,
    seed: int,
    fits: Progress | None,
) -> tuple[Model, Validation]:
    total = preset.folds + 1

    def count(done: int) -> None:
        if fits:
            fits(done, total)

    if not preset.folds:
        model = fit_model(train, preset, backbone, seed=seed)
        count(1)
        return model, validate(model, val)
    images = train.joined(val)
    validation = cross_fit(images, preset, backbone, seed=seed, fitted=count)
    model = fit_model(images, preset, backbone, seed=seed)
    count(total)
    return model, validation


def _log_distances(validation: Validation) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The distances of validation images and their copies: laundering alone must not make an image
    novel."""
    readings = (validation.reading, *validation.copies)
    return np.concatenate([r.log_distances for r in readings if r.log_distances is not None])


def _novelty_card(model: Model, validation: Validation) -> NoveltyCard | None:
    distances = validation.reading.log_distances
    if model.novelty is None or distances is None:
        return None
    z = model.novelty.z(distances)
    return NoveltyCard(cut=model.novelty.cut, flagged=float((z > model.novelty.cut).mean()))


def _training_data(
    name: str, train: Versions, val: Versions, test: LabelledFeatures | None, preset: Preset
) -> TrainingData:
    weights = train.originals.weighting
    return TrainingData(
        name=name,
        n_train=len(train),
        n_val=len(val),
        n_test=len(test) if test else 0,
        fake_share=float(np.average(train.originals.is_fake, weights=weights)),
        sources=_counted(train.originals.sources),
        generators=_counted(train.originals.generators),
        n_effective=None if weights is None else effective_size(weights),
        copies=tuple(copy.text for copy in preset.copies),
        folds=preset.folds,
    )


def _counted(names: Sequence[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names) - {""})}


def _load(
    manifest: Manifest,
    parts: dict[str, tuple[ManifestRow, ...]],
    preset: Preset,
    backbone: Backbone,
    cache: FeatureCache | None,
    decode: Decoder,
    progress: Progress | None,
) -> tuple[Versions, LabelledFeatures | None]:
    """Training, then validation images with the preset's copies; and test images, if any."""
    learning = parts["train"] + parts["val"]
    rows = learning + parts["test"]
    tally = JoinedProgress(progress, len(rows) + len(preset.copies) * len(learning))

    def load(some: Sequence[ManifestRow], copy: Transform | None = None) -> LabelledFeatures:
        return load_labelled(
            manifest,
            some,
            backbone,
            cache,
            purpose="training",
            decode=decode,
            transform=copy,
            progress=tally.step(),
        )

    loaded = load(rows)
    refuse_leaks(loaded.keys, rows)
    copies = tuple(load(learning, copy).features for copy in preset.copies)
    test = loaded[len(learning) :]
    return Versions(loaded[: len(learning)], copies), test if len(test) else None
