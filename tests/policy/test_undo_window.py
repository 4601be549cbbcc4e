"""The undo window: until when answers can be taken back, and that only then they are evidence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from review_app.core.errors import ConflictError
from review_app.core.permissions import Person
from review_app.monitoring.reviewers import reviewer_figures
from review_app.review.tasks import Queue
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench


def answered(bench: Bench, person: Person, value: str = REAL) -> str:
    """The id of an answer on the next item."""
    (item,) = bench.take(person)
    return bench.label(person, item, value).client_id  # type: ignore[arg-type]


def test_an_answer_can_be_taken_back_until_the_window_ends_and_not_after(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.items(2)
    answered(bench, ada)
    bench.clock.pass_minutes(4.9)
    item = bench.undo(ada)
    bench.label(ada, item, FAKE)
    bench.clock.pass_minutes(5)
    with pytest.raises(ConflictError, match="is final since 09:09 UTC and stays"):
        bench.undo(ada)
    assert bench.item(item).verdict is FAKE
    assert len(bench.in_force(item)) == 1


def test_a_change_is_refused_once_the_answer_is_final_and_the_list_says_so(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.item()
    given = bench.clock.now
    first = answered(bench, ada)
    (own,) = bench.review.recent(ada)
    assert (own.changeable, own.final_at) == (True, given + timedelta(minutes=5))
    bench.clock.pass_minutes(5)
    (own,) = bench.review.recent(ada)
    assert not own.changeable
    with pytest.raises(ConflictError, match="tell a lead or an admin"):
        bench.change(ada, first, FAKE)


def test_a_change_does_not_prolong_the_window(bench: Bench, factory: Factory, ada: Person) -> None:
    item = factory.item()
    first = answered(bench, ada)
    bench.clock.pass_minutes(4)
    second = bench.change(ada, first, FAKE).client_id
    bench.clock.pass_minutes(1)
    with pytest.raises(ConflictError, match="is final"):
        bench.change(ada, second, REAL)
    assert bench.item(item).verdict is FAKE


def test_a_change_that_is_sent_again_after_the_window_has_its_receipt(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.item()
    first = answered(bench, ada)
    receipt = bench.change(ada, first, FAKE, client_id="change-0001")
    bench.clock.pass_minutes(9)
    assert bench.change(ada, first, FAKE, client_id="change-0001") == receipt


def test_without_a_window_answers_are_final_at_once(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.options(root, undo_minutes=0)
    answered(bench, ada)
    with pytest.raises(ConflictError, match="is final"):
        bench.undo(ada)
    assert bench.item(item).final_at is None


def test_another_window_is_that_of_answers_to_come_only(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    factory.items(2)
    answered(bench, ada)
    bench.clock.pass_minutes(5)
    bench.options(root, undo_minutes=60)
    with pytest.raises(ConflictError, match="is final"):
        bench.undo(ada)
    answered(bench, ada)
    bench.options(root, undo_minutes=0)
    bench.clock.pass_minutes(59)
    bench.undo(ada)


def test_a_verdict_is_final_when_the_last_answer_is_that_it_rests_on(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item(needed_labels=2)
    answered(bench, ada)
    assert bench.item(item).final_at is None, "no verdict yet"
    bench.clock.pass_minutes(3)
    answered(bench, ben)
    assert bench.item(item).final_at == bench.clock.now + timedelta(minutes=5)
    bench.clock.pass_minutes(3)
    with pytest.raises(ConflictError, match="is final"):
        bench.undo(ada)
    bench.undo(ben)
    assert (bench.state(item), bench.item(item).final_at) == (ItemState.IN_REVIEW, None)


def test_an_admins_decision_has_a_window_too(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    answered(bench, ada, UNSURE)
    (escalated,) = bench.take(root, Queue.ESCALATED)
    bench.label(root, escalated, FAKE)
    bench.clock.pass_minutes(1)
    bench.undo(root)
    assert bench.state(item) is ItemState.ESCALATED
    bench.label(root, escalated, REAL)
    bench.clock.pass_minutes(5)
    with pytest.raises(ConflictError, match="is final"):
        bench.undo(root)


def test_figures_of_people_wait_until_their_answers_are_final(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    factory.item(known=FAKE)
    answered(bench, ada)
    assert reviewer_figures(bench.database, bench.clock.now) == []
    bench.clock.pass_minutes(5)
    (figures,) = reviewer_figures(bench.database, bench.clock.now)
    assert (figures.right.hits, figures.right.n) == (0, 1)


def test_no_image_is_gold_whose_verdict_can_still_be_taken_back(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    item = factory.item(known=FAKE, rank=-1, decided=True)
    answered(bench, ada, FAKE)
    factory.items(40)
    bench.options(root, gold_share=0.5)
    assert item not in bench.take(ben, n=3)
    bench.clock.pass_minutes(5)
    assert item in bench.take(factory.person(), n=3)
