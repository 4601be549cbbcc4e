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


WEIGHED = st.lists(st.tuples(st.sampled_from(list(LabelValue)), st.floats(0.5, 2)), max_size=9)


@given(WEIGHED, st.integers(1, 9))
def test_weights_settle_no_image_with_fewer_answers_nor_one_without_a_majority(
    given: list[tuple[LabelValue, float]], needed: int
) -> None:
    answers, weights = [answer for answer, _ in given], [weight for _, weight in given]
    weighed, plain = settle(answers, needed, False, weights), settle(answers, needed)
    assert (weighed.state is ItemState.IN_REVIEW) == (len(answers) < needed)
    if plain.state is not ItemState.RESOLVED:
        assert weighed == plain
    if len(answers) >= needed and not {LabelValue.REAL, LabelValue.FAKE}.issuperset(answers):
        assert weighed == plain
    assert settle(answers, needed, True, weights).state is ItemState.ESCALATED


def test_a_majority_that_the_weights_speak_against_is_left_to_an_adjudicator() -> None:
    answers = [LabelValue.FAKE, LabelValue.REAL, LabelValue.REAL]
    assert settle(answers, 3, False, [2, 1, 1.5]).verdict is LabelValue.REAL
    assert settle(answers, 3, False, [2, 0.5, 0.5]).state is ItemState.ESCALATED
    turned = settle(answers, 3, False, [4, 1, 1])
    assert (turned.verdict, turned.agreement) == (LabelValue.FAKE, 1 / 3)
