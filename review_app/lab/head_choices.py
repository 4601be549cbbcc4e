"""The card of every head: what validation images chose for it, what test images say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.inference.calibration import (
    Calibration,
    CalibrationName,
    Kinds,
    calibrate_by_kind,
    choose_calibration,
)
from review_app.inference.card import CalibrationCard, HeadCard
from review_app.inference.checkpoint import Checkpoint, Judgement
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import Head, HeadName, HeadPrediction, Training
from review_app.inference.model import Model
from review_app.inference.novelty import Float64
from review_app.inference.presets import Preset
from review_app.inference.rejection import rejection, signed
from review_app.lab.choices import best_thresholds, choose_reject, threshold_grids, uncertainty_cuts
from review_app.lab.metrics import Metrics, head_metrics
from review_app.lab.selective import risk_coverage
from review_app.lab.validation import Validation
from review_app.manifests.weights import normalised


@dataclass(frozen=True, slots=True)
class HeadChoices:
    """The choices that were made for the heads of a model."""

    cards: Mapping[HeadName, HeadCard]
    calibrations: Mapping[HeadName, tuple[Calibration, ...]]
    default: HeadName
    """The lowest AURC of the reject score, errors counted at 0.5: the order of acceptance."""


def choose_for_heads(
    model: Model, validation: Validation, preset: Preset, *, seed: int
) -> HeadChoices:
    """Everything that validation images decide, in the order in which it depends on each other."""
    distances = validation.reading.log_distances
    z = model.novelty.z(distances) if model.novelty and distances is not None else None
    cards: dict[HeadName, HeadCard] = {}
    calibrations: dict[HeadName, tuple[Calibration, ...]] = {}
    kinds = model.kinds(validation.images.features)
    aurcs: dict[HeadName, float] = {}
    for name, head in model.heads.items():
        prediction, card = validation.reading.heads[name], _UNCALIBRATED
        if preset.calibrated:
            found, card = _calibrations(name, validation, kinds, len(model.experts), seed)
            prediction = calibrate_by_kind(prediction, found, kinds)
            if any(each.name is not CalibrationName.NONE for each in found):
                calibrations[name] = found
        unlike = z > model.novelty.cut if model.novelty and z is not None else None
        cards[name], aurcs[name] = head_card(
            head, preset.heads[name], prediction, validation.images, card, z, unlike
        )
    return HeadChoices(cards, calibrations, min(aurcs, key=lambda name: aurcs[name]))


def measured(checkpoint: Checkpoint, test: LabelledFeatures, judgement: Judgement) -> Checkpoint:
    """``checkpoint`` with the metrics of its heads on ``test`` in its card; ``judgement`` is what
    they say of those images."""
    heads = {
        name: card.model_copy(
            update={"test": _by_source(judgement.heads[name], test, card, checkpoint.heads[name])}
        )
        for name, card in checkpoint.card.heads.items()
    }
    return checkpoint.with_card(checkpoint.card.model_copy(update={"heads": heads}))


_FEWEST = 50
_UNCALIBRATED = CalibrationCard(name=CalibrationName.NONE)


def _calibrations(
    name: HeadName, validation: Validation, kinds: Kinds | None, experts: int, seed: int
) -> tuple[tuple[Calibration, ...], CalibrationCard]:
    """One calibration for all images; with experts, one for the images of each.

    An expert with fewer than 50 validation images of either class has that of all.
    """
    everything = np.ones(len(validation.images), dtype=np.bool_)
    pooled, nll = _calibration(name, validation, everything, seed)
    card = CalibrationCard(name=pooled.name, nll={each.value: nll[each] for each in nll})
    if kinds is None:
        return (pooled,), card
    is_fake = validation.images.is_fake
    found = []
    for kind in range(experts):
        rows = kinds == kind
        enough = min(int(is_fake[rows].sum()), int((~is_fake[rows]).sum())) >= _FEWEST
        found.append(_calibration(name, validation, rows, seed)[0] if enough else pooled)
    if all(each.name is CalibrationName.NONE for each in found):
        return (found[0],), card.model_copy(update={"name": CalibrationName.NONE})
    return tuple(found), card.model_copy(update={"kinds": tuple(each.name for each in found)})


def _calibration(
    name: HeadName, validation: Validation, rows: NDArray[np.bool_], seed: int
) -> tuple[Calibration, dict[CalibrationName, float]]:
    images, chosen = validation.images, np.flatnonzero(rows)
    groups = images.groups or ("",) * len(images)
    return choose_calibration(
        validation.reading.heads[name].p_fake[chosen],
        images.is_fake[chosen],
        [groups[row] for row in chosen],
        seed=seed,
        weights=None if images.weights is None else normalised(images.weights[chosen]),
    )


def head_card(
    head: Head,
    training: Training,
    prediction: HeadPrediction,
    images: LabelledFeatures,
    calibration: CalibrationCard,
    z: Float64 | None,
    unlike: NDArray[np.bool_] | None,
) -> tuple[HeadCard, float]:
    """The card of ``head``, without test metrics, and the AURC of its reject score.

    ``prediction`` is what is said of validation ``images``, [n]; those are ``unlike`` the training
    images where their novelty ``z`` is beyond the cut.
    """
    weights = images.weighting
    thresholds = best_thresholds(prediction.p_fake, images.is_fake, weights)
    chosen = choose_reject(prediction, images.is_fake, z, has_std=head.has_std, weights=weights)
    reject = rejection(prediction, chosen.doubt, z if chosen.shrunk else None)
    threshold = thresholds["balanced_accuracy"]
    card = HeadCard(
        training=asdict(training),  # type: ignore[call-overload]
        facts=dict(head.facts),
        losses=head.losses,
        threshold=threshold,
        thresholds=thresholds,
        calibration=calibration,
        reject=chosen,
        cuts=uncertainty_cuts(prediction, head.has_std),
        ladder=threshold_grids(signed(prediction.p_fake, reject, unlike)),
        validation=head_metrics(
            prediction, images.is_fake, threshold, has_std=head.has_std, weights=weights
        ),
        test={},
    )
    wrong = (prediction.p_fake >= 0.5) != images.is_fake
    return card, risk_coverage(reject, np.asarray(wrong), weights).aurc


def _by_source(
    prediction: HeadPrediction, data: LabelledFeatures, card: HeadCard, head: Head
) -> dict[str, Metrics]:
    everything = np.ones(len(data), dtype=np.bool_)
    parts = {"all": everything} | {
        source: data.from_source(source) for source in sorted(set(data.sources) - {""})
    }
    return {
        name: head_metrics(
            prediction.take(rows),
            data.is_fake[rows],
            card.threshold,
            has_std=head.has_std,
            weights=normalised(data.weights[rows]) if data.weights is not None else None,
        )
        for name, rows in parts.items()
    }
