"""Known images mixed in: as many as the admin wished, unseen, and without any effect but one."""

from __future__ import annotations

import pytest

from review_app.permissions import Person
from review_app.review.tasks import Queue
from storage.database import Database
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.desks import FAKE, REAL, Bench


@pytest.fixture
def gold(factory: Factory) -> set[int]:
    """Settled fakes whose label is known."""
    return known_fakes(factory, 40)


def known_fakes(factory: Factory, n: int) -> set[int]:
    items = factory.items(n, ItemState.RESOLVED, known=FAKE, verdict=FAKE)
    for item in items:
        factory.decision(item)
    return set(items)


def test_known_images_come_in_the_share_that_the_admin_chose(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    factory.items(120)
    bench.options(root, gold_share=0.2)
    taken = []
    for _ in range(100):
        (item,) = bench.take(ada)
        bench.label(ada, item, REAL)
        taken.append(item)
    assert len(set(taken)) == 100
    assert 10 <= len(gold & set(taken)) <= 32  # 20 expected; 99.9% lie between


def test_an_answer_on_gold_changes_nothing_but_what_is_known_of_the_person(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, ben: Person, root: Person
) -> None:
    factory.items(5)
    bench.options(root, gold_share=0.5)
    item = gold_item(bench, ada, gold)
    receipt = bench.label(ada, item, REAL)
    assert (receipt.extra, receipt.known) == (False, None)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)
    (label,) = bench.in_force(item)
    assert (label.extra, label.blind) == (True, True)
    assert bench.first_broken() is None


def gold_item(bench: Bench, person: Person, gold: set[int]) -> int:
    """Answer until gold comes; the item, held."""
    while True:
        (item,) = bench.take(person)
        if item in gold:
            return item
        bench.label(person, item, REAL)


def test_the_known_label_is_told_after_the_answer_if_the_admin_wishes(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    factory.items(20)
    bench.options(root, gold_share=0.5, gold_feedback=True)
    item = gold_item(bench, ada, gold)
    assert bench.label(ada, item, REAL).known is FAKE
    bench.options(root, gold_share=0, gold_feedback=True)
    (ordinary,) = bench.take(ada)
    assert bench.label(ada, ordinary, REAL).known is None


def test_gold_is_kept_over_a_reload_and_comes_back_after_an_undo(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    factory.items(20)
    bench.options(root, gold_share=0.5)
    item = gold_item(bench, ada, gold)
    assert bench.take(ada) == [item]
    bench.label(ada, item, REAL)
    assert bench.undo(ada) == item
    assert bench.take(ada) == [item]
    assert not bench.label(ada, item, FAKE).extra
    bench.desk.release(ada)


def test_gold_that_was_met_never_comes_again(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    (only,) = known_fakes(factory, 1)
    factory.items(40)
    bench.options(root, gold_share=0.5)
    bench.skip(ada, gold_item(bench, ada, {only}))
    for _ in range(15):
        (item,) = bench.take(ada)
        assert item != only
        bench.label(ada, item, REAL)


def test_no_gold_while_nothing_waits_nor_among_escalated_items(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    bench.options(root, gold_share=0)
    answered = factory.item(needed_labels=2)
    bench.label(ada, bench.take(ada)[0], REAL)
    bench.options(root, gold_share=0.5)
    assert bench.state(answered) is ItemState.IN_REVIEW  # but not for ada
    assert [bench.take(ada) for _ in range(20)] == [[]] * 20
    escalated = set(factory.items(10, ItemState.ESCALATED))
    assert set(bench.take(root, Queue.ESCALATED, 10)) <= escalated


def test_disputed_known_labels_and_images_without_a_picture_are_no_gold(
    database: Database, bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    factory.items(5, ItemState.RESOLVED, known=FAKE, verdict=REAL)
    factory.item(ItemState.RESOLVED, known=FAKE, verdict=FAKE, image={"public_type": None})
    waiting = set(factory.items(20))
    bench.options(root, gold_share=0.5)
    for _ in range(15):
        (item,) = bench.take(ada)
        assert item in waiting
        bench.label(ada, item, REAL)
