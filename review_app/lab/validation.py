"""Predictions for images that did not train what predicts them: all choices are made on these."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from review_app.core.errors import DetectorError
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.dataset import LabelledFeatures, Versions
from review_app.inference.heads import HeadPrediction
from review_app.inference.model import Model, RawPrediction, fit_model
from review_app.inference.presets import Preset


@dataclass(frozen=True, slots=True)
class Validation:
    """The readings of validation images and of copies of them by models."""

    images: LabelledFeatures
    reading: RawPrediction
    """The readings of the images as they are, [n]."""
    copies: tuple[RawPrediction, ...] = ()
    """The readings of each kind of copy, [n] each."""


def validate(model: Model, images: Versions) -> Validation:
    """Read the images by one model that none of ``images`` trained."""
    return Validation(
        images.originals,
        model.read(images.originals.features),
        tuple(model.read(copy) for copy in images.copies),
    )


def cross_fit(
    images: Versions,
    preset: Preset,
    backbone: BackboneCard,
    *,
    seed: int,
    fitted: Callable[[int], None],
) -> Validation:
    """Each image by the model that the other folds trained; no group lies in two folds.

    Folds are stratified by label and source, and fitted in parallel; ``fitted`` is told how many
    are done. Raises DetectorError where a class has fewer groups than there are folds.
    """
    parts = folds_of(images.originals, preset.folds, seed)

    def read(part: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Validation:
        model = fit_model(images.take(part[0]), preset, backbone, seed=seed)
        return validate(model, images.take(part[1]))

    found: list[Validation] = []
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="folds") as pool:
        for each in pool.map(read, parts):
            found.append(each)
            fitted(len(found))
    order = np.argsort(np.concatenate([held_out for _, held_out in parts]))
    copies = zip(*(each.copies for each in found), strict=True)
    return Validation(
        images.originals,
        _joined([each.reading for each in found], order),
        tuple(_joined(readings, order) for readings in copies),
    )


def folds_of(
    images: LabelledFeatures, folds: int, seed: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The images of the other folds, and those of each; stratified by label and source, and no
    group lies in two. Raises DetectorError where a class has fewer groups than there are folds."""
    names = images.groups or ("",) * len(images)
    groups = [f"group {name}" if name else f"image {row}" for row, name in enumerate(names)]
    labelled = {(group, bool(fake)) for group, fake in zip(groups, images.is_fake, strict=True)}
    for label in (False, True):
        if sum(fake == label for _, fake in labelled) < folds:
            raise DetectorError(
                f"cross-fitting needs real and fake images of at least {folds} groups each; add "
                "some, or take a preset without it"
            )
    sources = images.sources or ("",) * len(images)
    strata = [f"{source} {fake}" for source, fake in zip(sources, images.is_fake, strict=True)]
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return list(split.split(np.zeros(len(images)), strata, groups))


def _joined(readings: Sequence[RawPrediction], order: NDArray[np.intp]) -> RawPrediction:
    """Readings of consecutive folds as one, in the order of the images."""
    heads = {
        name: HeadPrediction.concatenated([reading.heads[name] for reading in readings]).take(order)
        for name in readings[0].heads
    }
    distances = [each.log_distances for each in readings if each.log_distances is not None]
    return RawPrediction(heads, np.concatenate(distances)[order] if distances else None)
