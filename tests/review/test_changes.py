"""One's own past answers: listed, changed, and what a change does to the item."""

from __future__ import annotations

import pytest

from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.permissions import Person
from review_app.review.label_writer import MAX_ROWS
from review_app.review.tasks import AnswerChange, Queue
from storage.enums import AuditKind, ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench


def answered(bench: Bench, person: Person, *values: str) -> list[str]:
    """The ids of one answer each on the next items."""
    ids = []
    for value in values:
        (item,) = bench.take(person)
        ids.append(bench.label(person, item, value).client_id)  # type: ignore[arg-type]
    return ids


def test_own_answers_are_listed_newest_first_and_nobody_elses(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    factory.items(4)
    ids = answered(bench, ada, REAL, FAKE, UNSURE)
    answered(bench, ben, REAL)
    assert [own.client_id for own in bench.review.recent(ada)] == ids[::-1]
    assert [own.value for own in bench.review.recent(ada, 2)] == [UNSURE, FAKE]
    bench.undo(ada)
    assert [own.client_id for own in bench.review.recent(ada)] == ids[1::-1]


def test_a_change_supersedes_and_settles_the_item_anew(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    item = factory.item()
    (first,) = answered(bench, ada, REAL)
    bench.change(ada, first, FAKE, comment="the ear", tags=("face swap",))
    (label,) = bench.in_force(item)
    assert (label.value, label.comment, label.tags) == (FAKE, "the ear", ["face swap"])
    assert bench.item(item).verdict is FAKE
    assert bench.events(item)[-1].kind is AuditKind.CHANGED
    (own,) = bench.review.recent(ada)
    assert (own.value, own.tags) == (FAKE, ("face swap",))
    assert own.item_id == bench.handle(item)
    assert bench.first_broken() is None


def test_a_change_is_blind_only_where_the_model_was_never_seen(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    seen, unseen = factory.item(rank=0, decided=True), factory.item(rank=1)
    first, second = answered(bench, ada, REAL, REAL)
    bench.change(ada, first, FAKE)
    bench.change(ada, second, FAKE)
    assert [bench.in_force(item)[0].blind for item in (seen, unseen)] == [False, True]


def test_a_change_sent_twice_is_stored_once(bench: Bench, factory: Factory, ada: Person) -> None:
    item = factory.item()
    (first,) = answered(bench, ada, REAL)
    change = AnswerChange(client_id="the-change", of=first, value=FAKE)
    receipt = bench.review.change(ada, change)
    assert bench.review.change(ada, change) == receipt
    assert len(bench.in_force(item)) == 1
    with pytest.raises(ConflictError, match="other content"):
        bench.review.change(ada, change.model_copy(update={"value": UNSURE}))


def test_a_change_can_escalate_and_another_can_take_that_back(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    (first,) = answered(bench, ada, REAL)
    second = bench.change(ada, first, REAL, escalation="on second thoughts").client_id
    assert bench.take(root, Queue.ESCALATED) == [item]
    bench.change(ada, second, FAKE)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)
    assert bench.review.release(root) == 0  # the claim was called off


def test_what_an_admin_has_decided_is_no_longer_the_reviewers(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    (first,) = answered(bench, ada, UNSURE)
    bench.take(root, Queue.ESCALATED)
    decision = bench.label(root, item, FAKE).client_id
    assert not bench.review.recent(ada)[0].changeable
    with pytest.raises(ConflictError, match="has been decided since"):
        bench.change(ada, first, REAL)
    bench.change(root, decision, REAL)
    assert bench.item(item).verdict is REAL
    assert [label.adjudicates for label in bench.in_force(item)] == [False, True]


def test_only_own_answers_in_force_can_be_changed(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    factory.item()
    (first,) = answered(bench, ada, REAL)
    with pytest.raises(NotFoundError, match="no such answer of yours"):
        bench.change(ben, first, FAKE)
    with pytest.raises(NotFoundError):
        bench.change(ada, "never-given", FAKE)
    bench.change(ada, first, FAKE)
    with pytest.raises(ConflictError, match="taken back or changed"):
        bench.change(ada, first, REAL)


def test_a_change_of_an_extra_answer_stays_beside_the_verdict(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(11)
    answered(bench, ben, REAL)
    late = bench.label(ada, item, FAKE)
    assert late.extra
    assert bench.change(ada, late.client_id, UNSURE).extra
    assert bench.item(item).verdict is REAL


def test_somebody_who_changes_their_mind_without_end_has_to_stop(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item(needed_labels=2)
    for _ in range(MAX_ROWS // 2):
        (newest,) = answered(bench, ada, REAL)
        bench.undo(ada)
    (newest,) = answered(bench, ada, FAKE)
    with pytest.raises(ConflictError, match="so often"):
        bench.undo(ada)
    with pytest.raises(ConflictError, match="so often"):
        bench.change(ada, newest, REAL)
    assert [label.value for label in bench.in_force(item)] == [FAKE]
    answered(bench, ben, REAL)
    bench.undo(ben)
