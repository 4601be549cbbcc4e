"""From answers to a verdict, whatever the answers are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from review_app.review.consensus import agreement, settle
from storage.enums import ItemState, LabelValue

ANSWERS = st.lists(st.sampled_from(list(LabelValue)), max_size=9)


@given(ANSWERS, st.integers(1, 9))
def test_an_item_waits_until_enough_have_answered(answers: list[LabelValue], needed: int) -> None:
    waits = settle(answers, needed).state is ItemState.IN_REVIEW
    assert waits == (len(answers) < needed)


@given(ANSWERS.filter(bool))
def test_a_verdict_is_what_more_than_half_of_all_answers_say(answers: list[LabelValue]) -> None:
    settlement = settle(answers, len(answers))
    majority = [
        value
        for value, least in (
            (LabelValue.REAL, 1),
            (LabelValue.FAKE, 1),
            (LabelValue.UNDECIDABLE, 2),
        )
        if answers.count(value) >= least and answers.count(value) > len(answers) / 2
    ]
    if majority:
        assert (settlement.state, settlement.verdict) == (ItemState.RESOLVED, majority[0])
        assert settlement.agreement == agreement(answers, majority[0])
    else:
        assert (settlement.state, settlement.verdict) == (ItemState.ESCALATED, None)
        assert settlement.agreement is None


@given(ANSWERS, st.integers(1, 9))
def test_an_item_that_somebody_escalated_waits_for_an_admin_whatever_was_answered(
    answers: list[LabelValue], needed: int
) -> None:
    assert settle(answers, needed, escalated=True).state is ItemState.ESCALATED


@given(ANSWERS, st.randoms(use_true_random=False), st.integers(1, 9))
def test_the_order_of_answers_does_not_matter(
    answers: list[LabelValue], random: object, needed: int
) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settle(shuffled, needed) == settle(answers, needed)


@given(ANSWERS, st.sampled_from([*LabelValue, None]))
def test_agreement_is_a_share_and_nothing_without_a_verdict(
    answers: list[LabelValue], verdict: LabelValue | None
) -> None:
    share = agreement(answers, verdict)
    if verdict is None or not answers:
        assert share is None
    else:
        assert share is not None
        assert 0 <= share <= 1
