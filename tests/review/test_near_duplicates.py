"""Near-duplicates of an image in hand: counted, handed out together, answered and taken back."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from review_app.core.errors import ClaimLostError, ConflictError, NotFoundError
from review_app.core.permissions import Person
from review_app.review import near_duplicates
from review_app.review.batch import LabelEntry, UndoEntry
from review_app.review.tasks import Queue
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, Bench


@pytest.fixture
def family(factory: Factory, bench: Bench) -> list[int]:
    """Five items that look alike, the first of them first in the queue, and twenty others."""
    first = factory.item(rank=-1)
    factory.items(20)
    key = bench.item(first).image_id
    return [first, *factory.items(4, duplicate_group_id=key)]


def shown(bench: Bench, person: Person, **more: Any) -> dict[int, int]:
    """How many look alike, by item taken."""
    tasks = bench.review.take(person, **more)
    return dict(zip(bench.items(t.item_id for t in tasks), (t.alike for t in tasks), strict=True))


def similar(bench: Bench, person: Person, item_id: int) -> list[int]:
    tasks = bench.review.take_near_duplicates(person, bench.handle(item_id, person))
    return bench.items(task.item_id for task in tasks)


def entry(bench: Bench, item_id: int, **more: Any) -> LabelEntry:
    said = {"client_id": bench.new_id(), "item_id": bench.handle(item_id), "value": FAKE, **more}
    return LabelEntry(kind="label", **said)


def test_a_task_tells_how_many_others_look_like_it(
    bench: Bench, factory: Factory, ada: Person, family: list[int]
) -> None:
    assert shown(bench, ada, n=1) == {family[0]: 4}
    lone = factory.item(rank=-2)
    assert shown(bench, factory.person(), n=1) == {lone: 0}


def test_they_are_leased_to_whoever_asks_and_to_nobody_else(
    bench: Bench, ada: Person, ben: Person, family: list[int]
) -> None:
    assert bench.take(ada) == family[:1]
    assert similar(bench, ada, family[0]) == family[1:]
    assert similar(bench, ada, family[0]) == family[1:], "asked again, they are held"
    assert not set(bench.take(ben, n=3)) & set(family)


def test_those_held_already_are_among_them(
    bench: Bench, factory: Factory, ada: Person, ben: Person
) -> None:
    first = factory.item(rank=0)
    key = bench.item(first).image_id
    second, third = (factory.item(rank=rank, duplicate_group_id=key) for rank in (1, 2))
    assert shown(bench, ada, n=3) == {first: 2, second: 2, third: 2}
    assert similar(bench, ada, second) == [first, third]
    assert shown(bench, ben, n=3) == {}


def test_the_first_of_them_keeps_its_place_for_its_verdict_may_calibrate(
    bench: Bench, factory: Factory, ada: Person
) -> None:
    first = factory.item(rank=9)
    second = factory.item(rank=1, duplicate_group_id=bench.item(first).image_id)
    assert shown(bench, ada, n=1) == {second: 0}
    assert similar(bench, ada, second) == []


def test_what_somebody_skipped_or_answered_or_others_settled_is_not_offered(
    bench: Bench, ada: Person, ben: Person, family: list[int]
) -> None:
    bench.take(ada)
    similar(bench, ada, family[0])
    bench.skip(ada, family[1])
    bench.label(ada, family[2])
    bench.review.release(ada)
    assert shown(bench, ada, n=1) == {family[0]: 2}
    assert similar(bench, ada, family[0]) == family[3:]
    bench.review.release(ada)
    assert shown(bench, ben, n=1) == {family[0]: 3}


def test_only_what_waits_is_offered_however_much_looks_alike(
    bench: Bench, factory: Factory, ada: Person, family: list[int]
) -> None:
    key = bench.item(family[0]).image_id
    factory.items(9, ItemState.AUTO_ACCEPTED, duplicate_group_id=key)
    factory.items(9, ItemState.RESOLVED, duplicate_group_id=key, verdict=REAL)
    assert shown(bench, ada, n=1) == {family[0]: 4}
    factory.items(2 * near_duplicates.MAX_NEAR_DUPLICATES, duplicate_group_id=key)
    assert shown(bench, ada, n=1) == {family[0]: near_duplicates.MAX_NEAR_DUPLICATES}
    assert len(similar(bench, ada, family[0])) == near_duplicates.MAX_NEAR_DUPLICATES


def test_whoever_does_not_hold_the_image_gets_none(
    bench: Bench, ada: Person, ben: Person, family: list[int]
) -> None:
    bench.take(ada)
    with pytest.raises(ClaimLostError, match="not in your hands"):
        similar(bench, ben, family[0])
    bench.label(ada, family[0])
    with pytest.raises(ClaimLostError, match="not in your hands"):
        similar(bench, ada, family[0])


def test_each_gets_a_label_of_its_own_and_all_can_be_taken_back_in_one_call(
    bench: Bench, ada: Person, family: list[int]
) -> None:
    bench.take(ada)
    similar(bench, ada, family[0])
    given = [entry(bench, item_id) for item_id in family]
    bench.review.answer(ada, given)
    assert [bench.item(item_id).verdict for item_id in family] == [FAKE] * 5
    later = bench.take(ada)[0]
    bench.label(ada, later, REAL)
    back = [UndoEntry(kind="undo", client_id=bench.new_id(), of=g.client_id) for g in given]
    outcomes = bench.review.answer(ada, back)
    assert bench.items(o.task.item_id for o in outcomes if o.task) == family
    assert [bench.state(item_id) for item_id in family] == [ItemState.IN_REVIEW] * 5
    assert bench.item(later).verdict is REAL, "an answer that nobody named stays"


def test_each_tells_how_many_were_answered_with_it_until_it_is_answered_alone(
    bench: Bench, ada: Person, family: list[int]
) -> None:
    bench.take(ada)
    similar(bench, ada, family[0])
    given = [entry(bench, item_id, together=5) for item_id in family]
    bench.review.answer(ada, given)
    assert [label.bulk_size for i in family for label in bench.in_force(i)] == [5] * 5
    assert bench.events(family[1])[-1].details["together"] == 5
    bench.change(ada, given[0].client_id, REAL)
    bench.review.undo(ada, bench.new_id(), given[1].client_id)
    bench.label(ada, family[1], REAL)
    told = [label.bulk_size for i in family for label in bench.in_force(i)]
    assert told == [None, None, 5, 5, 5], "a change is a look at that image alone"
    assert "together" not in bench.events(family[1])[-1].details


@pytest.mark.parametrize("n", [-1, 0, 1, near_duplicates.MAX_NEAR_DUPLICATES + 2])
def test_no_grid_answers_fewer_than_two_or_more_than_it_shows(bench: Bench, n: int) -> None:
    with pytest.raises(ValidationError, match="together"):
        entry(bench, 1, together=n)


def test_an_admin_is_told_that_an_answer_was_given_for_many(
    bench: Bench, ada: Person, root: Person, family: list[int]
) -> None:
    bench.take(ada)
    bench.review.answer(ada, [entry(bench, family[0], together=5, escalation="a public figure")])
    (task,) = bench.review.take(root, 1, Queue.ESCALATED)
    assert [said.together for said in task.statements or ()] == [5]


def test_an_answer_is_taken_back_once_and_with_whatever_took_its_place(
    bench: Bench, ada: Person, family: list[int]
) -> None:
    bench.take(ada)
    given = bench.label(ada, family[0], FAKE)
    bench.change(ada, given.client_id, REAL)
    task = bench.review.undo(ada, bench.new_id(), given.client_id)
    assert (bench.items([task.item_id]), bench.in_force(family[0])) == (family[:1], [])
    with pytest.raises(ConflictError, match="taken back already"):
        bench.review.undo(ada, bench.new_id(), given.client_id)


def test_nobody_takes_back_what_another_said(
    bench: Bench, ada: Person, ben: Person, family: list[int]
) -> None:
    bench.take(ada)
    given = bench.label(ada, family[0], FAKE)
    (own,) = bench.take(ben)
    bench.label(ben, own, REAL)
    for of in (given.client_id, "nobodys-answer"):
        with pytest.raises(NotFoundError):
            bench.review.undo(ben, bench.new_id(), of)
    assert bench.item(family[0]).verdict is FAKE
    assert bench.item(own).verdict is REAL, "nor is an answer of one's own taken back instead"
