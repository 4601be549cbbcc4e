"""Choices that validation images make: thresholds, cuts, threshold grids, the reject score, the
default head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from review_app.certification.threshold_grid import candidate_thresholds
from review_app.inference.card import Cuts, RejectCard, ThresholdGridCard, ThresholdGridCards
from review_app.inference.heads import HeadPrediction, Labels, Weights
from review_app.inference.rejection import Doubt, rejection
from review_app.lab.selective import risk_coverage

_CONFIDENT_SHARE = 0.8
_PRICE_OF_NOVELTY = 0.005
"""AURC that shrinking by novelty may cost on images like the training ones: it is there for the
others, which validation images do not show."""

Float64 = NDArray[np.float64]


def best_thresholds(p_fake: Float64, is_fake: Labels, weights: Weights = None) -> dict[str, float]:
    """The thresholds of the highest ``balanced_accuracy``, ``f1`` and ``accuracy``, by that name.

    Each lies halfway between two neighbouring scores; of equals, the one nearest 0.5 is taken. The
    source method's are the last two; but F1 is happy to call nearly everything fake.
    """
    scores = np.unique(p_fake)
    candidates = np.append((scores[1:] + scores[:-1]) / 2, 0.5)
    mass = np.ones(len(p_fake)) if weights is None else weights
    fake, real = mass[is_fake].sum(), mass[~is_fake].sum()
    hits = mass_from(p_fake[is_fake], mass[is_fake], candidates)
    false_alarms = mass_from(p_fake[~is_fake], mass[~is_fake], candidates)
    merits = {
        "balanced_accuracy": hits / (fake or 1.0) - false_alarms / (real or 1.0),
        "f1": 2 * hits / (hits + false_alarms + fake),
        "accuracy": (hits - false_alarms) / mass.sum(),
    }
    return {name: _nearest_half(candidates, merit) for name, merit in merits.items()}


def choose_reject(
    prediction: HeadPrediction,
    is_fake: Labels,
    z: Float64 | None,
    *,
    has_std: bool,
    weights: Weights = None,
) -> RejectCard:
    """The doubt of the lowest AURC, errors counted at 0.5, and whether novelty ``z`` raises it.

    It does where there is a measure of it, unless that costs more than .005 AURC on these images.
    """
    wrong = (prediction.p_fake >= 0.5) != is_fake
    doubts = list(Doubt) if has_std else [Doubt.CONFIDENCE]

    def aurc(doubt: Doubt, novelty: Float64 | None = None) -> float:
        return risk_coverage(rejection(prediction, doubt, novelty), wrong, weights).aurc

    found = {doubt.value: aurc(doubt) for doubt in doubts}
    best = min(doubts, key=lambda doubt: found[doubt.value])
    if z is None:
        return RejectCard(doubt=best, shrunk=False, validation_aurc=found)
    shrunk = aurc(best, z)
    affordable = shrunk <= found[best.value] + _PRICE_OF_NOVELTY
    return RejectCard(doubt=best, shrunk=affordable, validation_aurc=found | {"shrunk": shrunk})


def uncertainty_cuts(prediction: HeadPrediction, has_std: bool) -> Cuts:
    """The cuts from which on an image counts as uncertain: the most uncertain fifth of these
    images.

    Quantiles, because a fixed cut means nothing: one head's spread is a multiple of another's.
    """

    def cut(measure: Float64) -> float:
        return float(np.quantile(measure, _CONFIDENT_SHARE))

    return Cuts(
        entropy=cut(prediction.entropy),
        std=cut(prediction.std) if has_std else None,
        mutual_information=cut(prediction.mutual_information) if has_std else None,
    )


def threshold_grids(scores: Float64) -> ThresholdGridCards:
    """The threshold grids: at most 20 thresholds a side, evenly spaced in the share of images they
    accept.

    ``scores`` are signed: see :func:`review_app.inference.rejection.signed`.
    """
    real, fake = candidate_thresholds(scores, fake=False), candidate_thresholds(scores, fake=True)
    return ThresholdGridCards(
        fake=ThresholdGridCard(thresholds=fake[0], acceptance=fake[1]),
        real=ThresholdGridCard(thresholds=real[0], acceptance=real[1]),
    )


def mass_from(scores: Float64, mass: Float64, candidates: Float64) -> Float64:
    """How many images, by their mass, have at least the score of each candidate, [k]."""
    order = np.argsort(scores, kind="stable")
    above = np.append(np.cumsum(mass[order][::-1])[::-1], 0.0)
    reached: Float64 = above[np.searchsorted(scores[order], candidates)]
    return reached


def _nearest_half(candidates: Float64, merit: Float64) -> float:
    rounded = np.round(merit, 12)
    best = candidates[rounded == rounded.max()]
    return float(best[np.argmin(np.abs(best - 0.5))])
