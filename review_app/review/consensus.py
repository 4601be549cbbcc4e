"""Several people's answers become one verdict here. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from review_app.agreement.weighing import weigh
from storage.enums import ItemState, LabelValue

CLEAR = frozenset({LabelValue.REAL, LabelValue.FAKE})
"""Answers that tell the one from the other; among others, weights count for nothing."""


@dataclass(frozen=True)
class Settlement:
    """The state of an item after an answer.

    ``agreement`` is the share of answers equal to the verdict, in [0, 1]; None without a verdict.
    """

    state: ItemState
    verdict: LabelValue | None
    agreement: float | None


def settle(
    answers: Sequence[LabelValue],
    needed: int,
    escalated: bool = False,
    weights: Sequence[float] | None = None,
) -> Settlement:
    """The state that ``answers`` put an item into when ``needed`` are wanted.

    A strict majority for real or for fake resolves it: with two answers both must agree. So does
    one for undecidable, of two people at least: that nobody can tell is no claim for one person to
    make, who could take an image out of every proof by it. Unsure is an answer but never a verdict
    here. Without a majority an adjudicator decides; and ``escalated``, when somebody has asked for
    one, however many have answered.

    ``weights``, of each answer, let answers of real and fake count by them (`weigh`); where anybody
    says another thing, all count alike.
    """
    if escalated:
        return Settlement(ItemState.ESCALATED, None, None)
    if len(answers) < needed:
        return Settlement(ItemState.IN_REVIEW, None, None)
    if weights is not None and CLEAR.issuperset(answers):
        return _weighed(answers, weights)
    value, n = Counter(answers).most_common(1)[0]
    alone = value is LabelValue.UNDECIDABLE and n < 2
    if value is LabelValue.UNSURE or alone or 2 * n <= len(answers):
        return Settlement(ItemState.ESCALATED, None, None)
    return Settlement(ItemState.RESOLVED, value, n / len(answers))


def _weighed(answers: Sequence[LabelValue], weights: Sequence[float]) -> Settlement:
    is_fake = weigh([answer is LabelValue.FAKE for answer in answers], weights)
    if is_fake is None:
        return Settlement(ItemState.ESCALATED, None, None)
    verdict = LabelValue.FAKE if is_fake else LabelValue.REAL
    return Settlement(ItemState.RESOLVED, verdict, agreement(answers, verdict))


def agreement(answers: Sequence[LabelValue], verdict: LabelValue | None) -> float | None:
    """Share of ``answers`` equal to ``verdict``; None where there is nothing to compare."""
    if verdict is None or not answers:
        return None
    return sum(answer is verdict for answer in answers) / len(answers)
