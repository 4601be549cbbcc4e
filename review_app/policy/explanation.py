"""Decisions and uncertainty in one plain sentence each."""

from __future__ import annotations

from review_app.i18n import listed, t
from review_app.i18n.formatting import plus_minus
from review_app.policy.flags import UncertaintyCuts, find_flag
from review_app.policy.routing import Decision, Reason, Scores
from storage.enums import Route


def explain(decision: Decision, scores: Scores) -> str:
    """A sentence that says where the image went and why, e.g. "Likely fake, but the heads disagree:
    0.83 ± 0.09; a person decides.", and what it is flagged for; in the language of whoever is
    served."""
    score = plus_minus(scores.p_fake, scores.std)
    if decision.route is not Route.REVIEW:
        side = "fake" if decision.route is Route.ACCEPT_FAKE else "real"
        return t(f"explanation.accepted_{side}", score=score)
    why = _clauses(_told(decision))
    sentence = t(f"explanation.likely_{_lean(scores.p_fake)}_but", why=why, score=score)
    if decision.flag is None:
        return sentence
    return f"{sentence} {t(f'explanation.mark_{decision.flag}')}"


def lean_in_words(p_fake: float, std: float) -> str:
    """What the detector takes the image for, e.g. "Likely fake: 0.83 ± 0.09."."""
    return t(f"explanation.likely_{_lean(p_fake)}", score=plus_minus(p_fake, std))


def _clauses(reasons: tuple[Reason, ...]) -> str:
    words = [t(f"explanation.{reason}") for reason in reasons]
    if reasons[0] is Reason.UNLIKE_TRAINING:
        words[0] = t("explanation.unlike_training_first")
    return listed(words)


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
    found = find_flag(std, entropy, mutual_information, unlike=unlike, cuts=cuts)
    lean = _lean(p_fake)
    if not unlike and found is None:
        return t(f"explanation.confident_{lean}", score=score)
    why = t(f"explanation.why_{'unlike' if unlike or found is None else found}")
    return t(f"explanation.uncertain_{lean}", why=why, score=score)


def _lean(p_fake: float) -> str:
    return "fake" if p_fake >= 0.5 else "real"
