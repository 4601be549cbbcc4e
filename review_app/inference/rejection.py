"""The reject score: how little a prediction can be relied on, from 0 to 1/2.

Also its signed form, the score that triage compares with thresholds: 0 is surely real, 1 surely
fake, and nothing that should be rejected is near either end.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import HeadPrediction
from review_app.inference.novelty import shrink

Float64 = NDArray[np.float64]


def reject_score(p_fake: Float64) -> Float64:
    """1 - max(p, 1 - p): the best ranking of 0-1 errors where p is calibrated."""
    score: Float64 = np.minimum(p_fake, 1.0 - p_fake)
    return score


class Doubt(StrEnum):
    """A measure that may rank the predictions of a head from reliable to not."""

    CONFIDENCE = "confidence"
    """1 - max(p, 1 - p): the probability of a wrong call, if P(fake) is calibrated."""
    STD = "std"
    """The posterior standard deviation of P(fake), the source method's."""
    MUTUAL_INFORMATION = "mutual_information"
    """Disagreement among the posterior's members, in nats; scaled to end at 1/2."""

    def measure(self, prediction: HeadPrediction) -> Float64:
        """The doubt in each of n images, float64 [n], in [0, 1/2]."""
        match self:
            case Doubt.CONFIDENCE:
                return reject_score(prediction.p_fake)
            case Doubt.STD:
                return np.clip(prediction.std, 0.0, 0.5)
            case Doubt.MUTUAL_INFORMATION:
                share: Float64 = prediction.mutual_information / (2 * np.log(2))
                return np.clip(share, 0.0, 0.5)


def rejection(prediction: HeadPrediction, doubt: Doubt, z: Float64 | None) -> Float64:
    """The reject score of n images, float64 [n], in [0, 1/2]; ``z`` is their novelty, if any.

    1/2 - (1/2 - doubt) (1 - sigmoid(2 (z - 2))): what an image unlike the training ones is called
    cannot be relied on, however confident the call.
    """
    measured = doubt.measure(prediction)
    return measured if z is None else 0.5 - shrink(0.5 - measured, z)


def signed(p_fake: Float64, reject: Float64, unlike: NDArray[np.bool_] | None = None) -> Float64:
    """The score: 1 - reject where the call is fake (p >= 1/2), else reject. Float64 [n], [0, 1].

    With the doubt of confidence and no novelty it is P(fake) itself. Images called ``unlike`` the
    training images have the score 1/2, which no threshold reaches: certified thresholds may come
    close to 1/2, and a share of confidence would then be enough.
    """
    scores: Float64 = np.where(p_fake >= 0.5, 1.0 - reject, reject)
    return scores if unlike is None else np.where(unlike, 0.5, scores)
