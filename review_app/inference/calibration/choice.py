"""Fitting a calibration, choosing one by cross-validation, and what it does to a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from review_app.core.errors import DetectorError
from review_app.core.special import entr
from review_app.inference.calibration.base import Calibration, CalibrationName, Float64
from review_app.inference.calibration.isotonic import IsotonicCalibration
from review_app.inference.calibration.logistic import (
    NoCalibration,
    PlattCalibration,
    TemperatureCalibration,
)
from review_app.inference.calibration.venn_abers import VennAbersCalibration
from review_app.inference.heads import HeadPrediction, Labels, Weights

CALIBRATIONS: dict[CalibrationName, type[Calibration]] = {
    each.name: each
    for each in (
        NoCalibration,
        TemperatureCalibration,
        PlattCalibration,
        IsotonicCalibration,
        VennAbersCalibration,
    )
}
"""Every calibration by its name, the simplest first."""

Kinds = NDArray[np.intp]
"""The number of the expert that counts most for each image, [n]."""

_FOLDS = 5
_CERTAIN = 1e-9
"""No image costs more than the logarithm of this."""


def fit_calibration(
    name: CalibrationName, p: Float64, is_fake: Labels, weight: Float64 | None = None
) -> Calibration:
    """The calibration ``name`` of P(fake) ``p`` [n] to labels; images count ``weight`` [n] times.

    Raises DetectorError where the images are not of both classes or a weight is not above 0.
    """
    if is_fake.all() or not is_fake.any():
        raise DetectorError(
            f"the {len(p)} images to calibrate on are not of both classes; add real and fake ones"
        )
    weight = np.ones(len(p)) if weight is None else weight.astype(np.float64)
    if not (weight > 0).all():
        raise DetectorError("a weight of an image to calibrate on is not above 0; drop the image")
    return CALIBRATIONS[name].fit(p, is_fake, weight)


def choose_calibration(
    p: Float64, is_fake: Labels, groups: Sequence[str], *, seed: int, weights: Weights = None
) -> tuple[Calibration, dict[CalibrationName, float]]:
    """The calibration to use, fitted to all images [n], and the cross-validated NLL of each.

    Five folds that never tear a group ("" is no group). Of all whose NLL is within one standard
    error of the best, the simplest is taken; the error is of the paired difference, over groups.
    Raises DetectorError where a class has images of fewer than two groups.
    """
    group = _numbered(groups)
    losses = _held_out_losses(p, is_fake, group, seed, weights)
    nll = {name: float(np.average(loss, weights=weights)) for name, loss in losses.items()}
    winner = min(nll, key=lambda name: nll[name])
    chosen = next(
        name
        for name, loss in losses.items()
        if nll[name] <= nll[winner] + _error(loss - losses[winner], group, weights)
    )
    return fit_calibration(chosen, p, is_fake, weights), nll


def calibrate(prediction: HeadPrediction, calibration: Calibration) -> HeadPrediction:
    """``prediction`` with P(fake) calibrated, and its uncertainties brought in line.

    The entropy is that of the calibrated P(fake). The std is stretched as the map stretches a small
    spread (:meth:`Calibration.stretch`), at most to what a probability of that mean can have. The
    mutual information still says how much the head's members disagree, so it stays, at most the
    entropy.
    """
    p = calibration.apply(prediction.p_fake)
    entropy: Float64 = entr(p) + entr(1 - p)
    std = prediction.std * calibration.stretch(prediction.p_fake)
    return HeadPrediction(
        p_fake=p,
        std=np.minimum(std, np.sqrt(p * (1 - p))),
        entropy=entropy,
        mutual_information=np.minimum(prediction.mutual_information, entropy),
    )


def calibrate_by_kind(
    prediction: HeadPrediction, calibrations: Sequence[Calibration], kinds: Kinds | None
) -> HeadPrediction:
    """``prediction`` [n] by the calibration of each image's kind, [n]; by the only one, if it is.

    A mixture of experts is as sure as the expert that it listens to, and one may boast while
    another is modest: one map for all of them would be right for none.
    """
    if len(calibrations) == 1 or kinds is None:
        return calibrate(prediction, calibrations[0])
    found = np.empty((len(fields(HeadPrediction)), len(kinds)))
    for kind, calibration in enumerate(calibrations):
        rows = np.flatnonzero(kinds == kind)
        part = calibrate(prediction.take(rows), calibration)
        found[:, rows] = [getattr(part, field.name) for field in fields(HeadPrediction)]
    return HeadPrediction(*found)


def _numbered(groups: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """A number for each group [n]; every image without one is a group of its own."""
    names = [f"group {group}" if group else f"image {i}" for i, group in enumerate(groups)]
    numbers: np.ndarray[tuple[int], np.dtype[np.intp]] = np.unique(names, return_inverse=True)[1]
    return numbers


def _held_out_losses(
    p: Float64,
    is_fake: Labels,
    group: np.ndarray[tuple[int], np.dtype[np.intp]],
    seed: int,
    weights: Weights,
) -> dict[CalibrationName, Float64]:
    """Minus log P(label) of each image by calibrations that other folds fitted, [n] by name."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = min(_FOLDS, *(len(np.unique(group[is_fake == label])) for label in (False, True)))
    if folds < 2:
        raise DetectorError(
            "a calibration is chosen on real and fake images of at least two groups each; add some"
        )
    losses = {name: np.empty(len(p)) for name in CALIBRATIONS}
    split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for fit, held_out in split.split(p, is_fake, group):
        for name, loss in losses.items():
            weight = None if weights is None else weights[fit]
            q = fit_calibration(name, p[fit], is_fake[fit], weight).apply(p[held_out])
            right = np.where(is_fake[held_out], q, 1 - q)
            loss[held_out] = -np.log(np.maximum(right, _CERTAIN))
    return losses


def _error(
    difference: Float64, group: np.ndarray[tuple[int], np.dtype[np.intp]], weights: Weights
) -> float:
    """Standard error of the mean difference, images of a group moving together."""
    apart = difference - np.average(difference, weights=weights)
    sums = np.bincount(group, weights=apart if weights is None else weights * apart)
    return float(np.sqrt(np.square(sums).sum()) / len(difference))
