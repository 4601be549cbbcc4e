"""Decisions and uncertainty in one plain sentence each."""

from __future__ import annotations

from review_app.triage.marks import Mark, UncertaintyCuts, find_mark
from review_app.triage.routing import Decision, Reason, Route, Scores
from review_app.triage.wording import join, plus_minus


def explain(decision: Decision, scores: Scores) -> str:
    """Where the image went and why, e.g. "Likely fake, but the heads disagree: 0.83 ± 0.09; a
    person decides.", and what it is marked for.
    """
    score = plus_minus(scores.p_fake, scores.std)
    if decision.route is not Route.REVIEW:
        side = "fake" if decision.route is Route.ACCEPT_FAKE else "real"
        return f"Accepted as {side}: {score}, beyond the certified threshold."
    words = join([reason.words for reason in _told(decision)])
    if decision.reasons[0] is Reason.UNLIKE_TRAINING:
        words = words.removeprefix("it is ")
    sentence = f"{_lean(scores.p_fake)}, but {words}: {score}; a person decides."
    return sentence if decision.mark is None else f"{sentence} {decision.mark.words}"


def _told(decision: Decision) -> tuple[Reason, ...]:
    """The reasons worth telling. Two say why the detector is not sure enough, the first also why
    its heads may disagree."""
    if decision.audited:
        return (Reason.AUDIT,)
    if Reason.LOW_CONFIDENCE in decision.reasons:
        for why in (Reason.UNLIKE_TRAINING, Reason.HEADS_DISAGREE):
            if why in decision.reasons:
                return (why,)
    return decision.reasons


def verdict_in_words(
    p_fake: float,
    std: float,
    entropy: float,
    mutual_information: float,
    cuts: UncertaintyCuts,
    *,
    unlike: bool = False,
) -> str:
    """Whether the detector is confident of one image, and if not, why.

    ``unlike`` its training images: whatever it says means little.
    High std or mutual information: the model is unsure, and more labels like this would help it.
    High entropy alone: the model is settled, and the image is ambiguous to it.
    """
    score = f"P(fake) {plus_minus(p_fake, std)}"
    found = find_mark(std, entropy, mutual_information, unlike=unlike, cuts=cuts)
    if unlike:
        why = "the image is unlike those that it has learned from"
    elif found is Mark.RETRAIN:
        why = "equally good versions of the detector disagree, as on images unlike its training"
    elif found is Mark.SECOND_REVIEWER:
        why = "images that score like this turn out either way"
    else:
        return f"{_lean(p_fake)}, and confident: {score}."
    return f"{_lean(p_fake)}, but uncertain: {why}. {score}."


def _lean(p_fake: float) -> str:
    return "Likely fake" if p_fake >= 0.5 else "Likely real"
