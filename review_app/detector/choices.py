"""What validation images decide: thresholds, cuts, ladders and the default head."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from review_app.detector.card import Cuts, Ladder, Ladders
from review_app.detector.heads import HeadName, HeadPrediction, Labels
from review_app.detector.metrics import reject_score
from review_app.detector.selective import risk_coverage

_RUNGS = 20
_CONFIDENT_SHARE = 0.8

Float64 = NDArray[np.float64]


def best_threshold(p_fake: Float64, is_fake: Labels) -> float:
    """The threshold of the highest balanced accuracy (Youden's J) on these images.

    It lies halfway between two neighbouring scores; of equals, the one nearest 0.5 is taken.
    Balanced accuracy, because F1 is happy to call nearly everything fake.
    """
    scores = np.unique(p_fake)
    candidates = np.append((scores[1:] + scores[:-1]) / 2, 0.5)
    fake, real = np.sort(p_fake[is_fake]), np.sort(p_fake[~is_fake])
    caught = 1 - np.searchsorted(fake, candidates) / max(len(fake), 1)
    spared = np.searchsorted(real, candidates) / max(len(real), 1)
    merit = np.round(caught + spared, 12)
    best = candidates[merit == merit.max()]
    return float(best[np.argmin(np.abs(best - 0.5))])


def uncertainty_cuts(prediction: HeadPrediction, has_std: bool) -> Cuts:
    """From where on an image counts as uncertain: the most uncertain fifth of these images.

    Quantiles, because a fixed cut means nothing: one head's spread is a multiple of another's.
    """

    def cut(measure: Float64) -> float:
        return float(np.quantile(measure, _CONFIDENT_SHARE))

    return Cuts(
        entropy=cut(prediction.entropy),
        std=cut(prediction.std) if has_std else None,
        mutual_information=cut(prediction.mutual_information) if has_std else None,
    )


def ladders(p_fake: Float64) -> Ladders:
    """At most 20 thresholds a side, evenly spaced in the share of images they accept."""
    return Ladders(fake=_ladder(p_fake, fake=True), real=_ladder(p_fake, fake=False))


def choose_head(predictions: Mapping[HeadName, HeadPrediction], is_fake: Labels) -> HeadName:
    """The head whose confidence ranks its own errors at 0.5 best: lowest AURC of 1 - max(p, 1-p).

    That is the order in which triage accepts. Of equals, the first.
    """

    def aurc(name: HeadName) -> float:
        p_fake = predictions[name].p_fake
        return risk_coverage(reject_score(p_fake), (p_fake >= 0.5) != is_fake).aurc

    return min(predictions, key=aurc)


def _ladder(p_fake: Float64, *, fake: bool) -> Ladder:
    own = np.sort(p_fake[p_fake > 0.5])[::-1] if fake else np.sort(p_fake[p_fake < 0.5])
    last = np.ceil(np.arange(1, _RUNGS + 1) * len(own) / _RUNGS).astype(int) - 1
    thresholds = tuple(dict.fromkeys(own[last].tolist())) if len(own) else ()
    accepted = ((p_fake >= t) if fake else (p_fake <= t) for t in thresholds)
    return Ladder(thresholds=thresholds, acceptance=tuple(float(a.mean()) for a in accepted))
