"""Answers: stored once, settled, late; and blind before, honest after."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from review_app.core.errors import ClaimLostError, ConflictError
from review_app.core.permissions import Person
from review_app.policy.review_options import Reveal
from review_app.review.tasks import AnswerInput, Queue
from storage.enums import AuditKind, ItemState, LabelValue
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench


@pytest.mark.parametrize("value", [REAL, FAKE])
def test_one_answer_resolves_an_item_at_overlap_one(
    value: LabelValue, bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    receipt = bench.label(ada, item, value)
    assert (receipt.item_id, receipt.value) == (bench.handle(item), value)
    assert not receipt.extra
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, value)
    assert bench.item(item).open_slots == 0


def test_an_answer_on_what_was_never_handed_out_is_refused(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    with pytest.raises(ClaimLostError, match="never handed to you"):
        bench.label(ada, item)
    with pytest.raises(ClaimLostError):
        bench.label(ada, 10**9)
    assert bench.in_force(item) == []


def test_an_answer_sent_twice_is_stored_once_and_told_the_same(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item(decided=True)
    bench.take(ada)
    first = bench.label(ada, item, FAKE, "the-same-id")
    assert bench.label(ada, item, FAKE, "the-same-id") == first
    assert len(bench.in_force(item)) == 1


def test_an_id_used_again_with_other_content_is_refused(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    first, second = factory.items(2)
    bench.take(ada, n=2)
    bench.label(ada, first, FAKE, "the-same-id")
    for person, item, value in [(ada, first, REAL), (ada, second, FAKE), (ben, first, FAKE)]:
        with pytest.raises(ConflictError, match="other content"):
            bench.label(person, item, value, "the-same-id")


def test_a_second_answer_on_one_item_is_refused(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item(needed_labels=2)
    bench.take(ada)
    bench.label(ada, item)
    with pytest.raises(ConflictError, match="undo that first"):
        bench.label(ada, item)
    assert bench.take(ada) == []


def test_two_answers_that_agree_resolve_and_two_that_differ_escalate(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    same, differ = factory.items(2, needed_labels=2)
    bench.take(ada, n=2)
    bench.take(ben, n=2)
    bench.label(ada, same, FAKE)
    assert bench.state(same) is ItemState.IN_REVIEW
    bench.label(ben, same, FAKE)
    assert (bench.state(same), bench.item(same).verdict) == (ItemState.RESOLVED, FAKE)
    bench.label(ada, differ, REAL)
    bench.label(ben, differ, FAKE)
    assert (bench.state(differ), bench.item(differ).verdict) == (ItemState.ESCALATED, None)


@pytest.mark.parametrize("decision", [REAL, FAKE, UNSURE])
def test_unsure_escalates_and_an_admin_decides(
    decision: LabelValue, bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    assert bench.state(item) is ItemState.ESCALATED
    assert bench.take(ada) == []
    assert bench.take(root, Queue.ESCALATED) == [item]
    bench.label(root, item, decision)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, decision)
    assert [label.adjudicates for label in bench.in_force(item)] == [False, True]


def test_a_lone_admin_can_decide_what_they_were_unsure_of(
    bench: Bench, factory: Factory, root: Person
) -> None:
    item = factory.item()
    bench.take(root)
    bench.label(root, item, UNSURE)
    assert bench.take(root, Queue.ESCALATED) == [item]
    bench.label(root, item, FAKE)
    assert bench.item(item).verdict is FAKE
    assert bench.undo(root) == item
    assert bench.state(item) is ItemState.ESCALATED
    assert bench.undo(root) == item
    assert bench.state(item) is ItemState.IN_REVIEW
    bench.label(root, item, REAL)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, REAL)


def test_a_late_answer_counts_while_the_item_is_open(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(60)
    assert not bench.label(ada, item, FAKE).extra
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)


def test_a_late_answer_on_a_settled_item_is_kept_beside_the_others(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(10)
    bench.take(ben)
    bench.label(ben, item, REAL)
    assert bench.label(ada, item, FAKE).extra
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, REAL)
    assert [(label.value, label.extra) for label in bench.in_force(item)] == [
        (REAL, False),
        (FAKE, True),
    ]
    assert bench.events(item)[-1].details["extra"] is True


def test_a_late_answer_does_not_count_while_another_holds_the_item(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(10)
    bench.take(ben)
    assert bench.label(ada, item, UNSURE).extra
    assert bench.state(item) is ItemState.IN_REVIEW
    assert not bench.label(ben, item, FAKE).extra
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)


def test_a_late_answer_counts_once_the_other_has_let_go_too(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.review.release(ada)
    bench.take(ben)
    bench.clock.pass_minutes(10)
    assert not bench.label(ada, item, FAKE).extra
    assert bench.item(item).verdict is FAKE


def test_a_late_answer_counts_where_there_is_room_beside_the_others(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item(needed_labels=2)
    bench.take(ada)
    bench.take(ben)
    bench.review.release(ada)
    assert not bench.label(ada, item, FAKE).extra
    assert not bench.label(ben, item, FAKE).extra
    assert bench.item(item).verdict is FAKE


def test_the_model_speaks_only_after_the_answer(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item(decided=True)
    bench.take(ada)
    opinion = bench.label(ada, item).opinion
    assert opinion is not None
    assert (opinion.p_fake, opinion.std, opinion.words) == (0.83, 0.09, "0.83")
    assert (opinion.score, opinion.novelty) == (0.83, None)


def test_an_answer_is_blind_until_the_model_has_spoken(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item(decided=True, needed_labels=2)
    bench.take(ada)
    bench.take(ben)
    bench.label(ada, item)
    bench.undo(ada)
    bench.label(ada, item, FAKE)
    bench.label(ben, item, FAKE)
    assert [(label.user_id, label.blind) for label in bench.in_force(item)] == [
        (ada.id, False),
        (ben.id, True),
    ]


def test_where_the_model_never_speaks_every_answer_is_blind(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    bench.options(root, reveal=Reveal.NEVER)
    item = factory.item(decided=True)
    bench.take(ada)
    assert bench.label(ada, item).opinion is None
    bench.undo(ada)
    assert bench.label(ada, item, FAKE, "the-same-id").opinion is None
    assert [label.blind for label in bench.in_force(item)] == [True]
    bench.options(root, reveal=Reveal.AFTER_LABEL)
    assert bench.label(ada, item, FAKE, "the-same-id").opinion is None  # the receipt stays


def test_each_change_of_state_is_a_row_of_the_log(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    bench.undo(ada)
    bench.label(ada, item, UNSURE)
    bench.take(root, Queue.ESCALATED)
    bench.label(root, item, FAKE)
    states = [event.to_state for event in bench.events(item)]
    assert states == ["pending", "in_review", "escalated", "in_review", "escalated", "resolved"]
    assert [event.kind for event in bench.events(item)][2:] == [
        AuditKind.LABELLED,
        AuditKind.UNDONE,
        AuditKind.LABELLED,
        AuditKind.LABELLED,
    ]
    assert bench.first_broken() is None


@pytest.mark.parametrize(
    "values",
    [
        {"client_id": "short"},
        {"client_id": "x" * 65},
        {"client_id": "newline1\n"},
        {"item_id": ""},
        {"item_id": "x" * 33},
        {"item_id": "a/../b"},
        {"item_id": True},
        {"value": "perhaps"},
        {"comment": "x" * 4001},
        {"comment": "\ud800"},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"adjudicates": True},
    ],
)
def test_a_submission_is_checked_field_by_field(values: dict[str, object]) -> None:
    good = {"client_id": "answer-0001", "item_id": 1, "value": "real"}
    AnswerInput.model_validate(good)
    with pytest.raises(ValidationError):
        AnswerInput.model_validate(good | values)
