"""An undo withdraws an answer and gives the image back, whatever others did meanwhile."""

from __future__ import annotations

from functools import partial

import pytest
from pydantic import ValidationError

from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.permissions import Person
from review_app.review.batch import UndoEntry
from review_app.review.requests import Undo
from review_app.review.tasks import Queue
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, UNSURE, Bench


def test_an_undo_withdraws_the_answer_and_gives_the_item_back(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, FAKE)
    task = bench.review.undo(ada, "undo-0001")
    assert task.item_id == bench.handle(item)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.IN_REVIEW, None)
    assert bench.in_force(item) == []
    assert bench.take(ben) == []
    assert bench.take(ada) == [item]
    bench.label(ada, item, REAL)
    assert bench.item(item).verdict is REAL


def test_an_undo_goes_back_answer_by_answer(bench: Bench, factory: Factory, ada: Person) -> None:
    items = factory.items(3)
    for item in items:
        bench.take(ada)
        bench.label(ada, item)
    assert [bench.undo(ada) for _ in items] == items[::-1]
    with pytest.raises(NotFoundError, match="no answer of yours"):
        bench.undo(ada)


def test_an_undo_sent_twice_withdraws_one_answer(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    first, second = factory.items(2)
    for item in (first, second):
        bench.take(ada)
        bench.label(ada, item)
    task = bench.review.undo(ada, "undo-0001")
    assert bench.review.undo(ada, "undo-0001") == task
    assert bench.state(first) is ItemState.RESOLVED
    bench.label(ada, second)
    with pytest.raises(ConflictError, match="done already"):
        bench.review.undo(ada, "undo-0001")
    assert bench.state(second) is ItemState.RESOLVED


def test_an_undo_cannot_borrow_the_id_of_an_answer_or_of_somebody_else(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    first, second = factory.items(2)
    bench.take(ada)
    bench.label(ada, first, REAL, "answer-of-ada")
    bench.take(ben)
    bench.label(ben, second)
    bench.review.undo(ben, "undo-of-ben")
    for client_id in ("answer-of-ada", "undo-of-ben"):
        with pytest.raises(ConflictError, match="another answer"):
            bench.review.undo(ada, client_id)
    assert bench.state(first) is ItemState.RESOLVED


@pytest.mark.parametrize(
    "client_id", ["", "short", "x" * 65, "with space", "new\nline-", "naïve-id"]
)
def test_an_unusable_id_of_an_undo_is_refused(client_id: str) -> None:
    for ask in (Undo, partial(UndoEntry, kind="undo")):
        assert ask(client_id="usable-1").client_id == "usable-1"
        with pytest.raises(ValidationError):
            ask(client_id=client_id)


def test_what_was_undone_and_let_go_is_offered_again(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    """Or a lone reviewer who undoes and goes home would leave the item waiting for ever."""
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item)
    bench.undo(ada)
    bench.clock.pass_minutes(10)
    assert bench.take(ada) == [item]


def test_an_undo_after_an_admin_has_decided_is_refused(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    bench.take(root, Queue.ESCALATED)
    bench.label(root, item, FAKE)
    with pytest.raises(ConflictError, match="decided"):
        bench.undo(ada)
    assert bench.item(item).verdict is FAKE


def test_an_undo_while_an_admin_looks_takes_the_item_back(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    bench.take(root, Queue.ESCALATED)
    assert bench.undo(ada) == item
    assert bench.item(item).open_slots == 0
    assert bench.take(root, Queue.ESCALATED) == []
    bench.label(ada, item, FAKE)
    assert bench.label(root, item, REAL).extra
    assert bench.item(item).verdict is FAKE


def test_an_undo_by_the_admin_escalates_again(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.label(ada, item, UNSURE)
    bench.take(root, Queue.ESCALATED)
    bench.label(root, item, FAKE)
    bench.undo(root)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.ESCALATED, None)
    assert bench.take(root, Queue.ESCALATED) == [item]


def test_an_undo_of_an_answer_that_never_counted_moves_nothing(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    item = factory.item()
    bench.take(ada)
    bench.clock.pass_minutes(10)
    bench.take(ben)
    bench.label(ben, item, REAL)
    bench.label(ada, item, FAKE)
    bench.undo(ada)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, REAL)
    assert [label.user_id for label in bench.in_force(item)] == [ben.id]
