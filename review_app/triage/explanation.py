"""Decisions and uncertainty in one plain sentence each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from review_app.errors import CalibrationError
from review_app.triage.routing import Decision, Reason, Route, Scores
from review_app.triage.wording import join, plus_minus


@dataclass(frozen=True)
class UncertaintyCuts:
    """From where on an image counts as uncertain: quantiles of validation data.

    A fixed cut means nothing: the spread of one head is a multiple of another's.
    """

    std: float
    entropy: float
    mutual_information: float

    @classmethod
    def from_validation(
        cls, std: ArrayLike, entropy: ArrayLike, mutual_information: ArrayLike, share: float = 0.2
    ) -> UncertaintyCuts:
        """Cuts beyond which ``share`` of the validation images [n] lie, each measure by itself.

        Raises:
            CalibrationError: no values, or some that are not finite.
        """
        measures = np.asarray([std, entropy, mutual_information], np.float64)
        if measures.size == 0 or not np.isfinite(measures).all():
            raise CalibrationError("Uncertainty cuts need finite validation values; score again.")
        cuts = np.quantile(measures, 1 - share, axis=1)
        return cls(*(float(c) for c in cuts))


def explain(decision: Decision, scores: Scores) -> str:
    """Where the image went and why, e.g. "Likely fake, but the heads disagree: 0.83 ± 0.09; a
    person decides."
    """
    score = plus_minus(scores.p_fake, scores.std)
    if decision.route is not Route.REVIEW:
        side = "fake" if decision.route is Route.ACCEPT_FAKE else "real"
        return f"Accepted as {side}: {score}, beyond the certified threshold."
    reasons = decision.reasons
    if Reason.HEADS_DISAGREE in reasons and Reason.LOW_CONFIDENCE in reasons:
        reasons = (Reason.HEADS_DISAGREE,)  # it says why the detector is not sure enough
    if decision.audited:
        reasons = (Reason.AUDIT,)
    words = join([r.words for r in reasons])
    return f"{_lean(scores.p_fake)}, but {words}: {score}; a person decides."


def verdict_in_words(
    p_fake: float, std: float, entropy: float, mutual_information: float, cuts: UncertaintyCuts
) -> str:
    """Whether the detector is confident of one image, and if not, why.

    High std or mutual information: the model is unsure, and more labels like this would help it.
    High entropy alone: the model is settled, and the image is ambiguous to it.
    """
    score = f"P(fake) {plus_minus(p_fake, std)}"
    # Strictly above: a head without spread has a cut of 0, and is not unsettled everywhere.
    unsettled = std > cuts.std or mutual_information > cuts.mutual_information
    if unsettled:
        why = "equally good versions of the detector disagree, as on images unlike its training"
    elif entropy > cuts.entropy:
        why = "images that score like this turn out either way"
    else:
        return f"{_lean(p_fake)}, and confident: {score}."
    return f"{_lean(p_fake)}, but uncertain: {why}. {score}."


def _lean(p_fake: float) -> str:
    return "Likely fake" if p_fake >= 0.5 else "Likely real"
