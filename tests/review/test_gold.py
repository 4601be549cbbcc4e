"""Known images mixed in: as many as the admin wished, unseen, and without any effect but one."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from review_app.core.permissions import Person
from review_app.policy.decision_text import opinion_of
from review_app.review.tasks import Queue
from storage.database import Database
from storage.enums import ItemState
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, Bench


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
    item = bench.take_until(ada, gold)
    receipt = bench.label(ada, item, REAL)
    assert (receipt.extra, receipt.known) == (False, None)
    assert (bench.state(item), bench.item(item).verdict) == (ItemState.RESOLVED, FAKE)
    (label,) = bench.in_force(item)
    assert (label.extra, label.blind) == (True, True)
    assert bench.first_broken() is None


def test_the_known_label_is_told_after_the_answer_if_the_admin_wishes(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    factory.items(20)
    bench.options(root, gold_share=0.5, gold_feedback=True)
    item = bench.take_until(ada, gold)
    assert bench.label(ada, item, REAL).known is FAKE
    bench.options(root, gold_share=0, gold_feedback=True)
    (ordinary,) = bench.take(ada)
    assert bench.label(ada, ordinary, REAL).known is None


def test_gold_is_kept_over_a_reload_and_comes_back_after_an_undo(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    factory.items(20)
    bench.options(root, gold_share=0.5)
    item = bench.take_until(ada, gold)
    assert bench.take(ada) == [item]
    bench.label(ada, item, REAL)
    assert bench.undo(ada) == item
    assert bench.take(ada) == [item]
    assert not bench.label(ada, item, FAKE).extra
    bench.review.release(ada)


def test_gold_that_was_met_never_comes_again(
    bench: Bench, factory: Factory, ada: Person, root: Person
) -> None:
    (only,) = known_fakes(factory, 1)
    factory.items(40)
    bench.options(root, gold_share=0.5)
    bench.skip(ada, bench.take_until(ada, {only}))
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


def test_gold_comes_at_any_place_among_those_handed_out_together(
    bench: Bench, factory: Factory, gold: set[int], root: Person
) -> None:
    """In a row, or in the middle, it would be known by its place."""
    factory.items(2000)
    bench.options(root, gold_share=0.5)
    places: Counter[int] = Counter()
    for _ in range(60):
        taken = bench.take(factory.person(), n=8)
        places.update(i for i, item in enumerate(taken) if item in gold)
    assert min(places[i] for i in range(8)) >= 15  # 30 expected at each; 99.99% lie above
    assert max(places[i] for i in range(8)) <= 45


def test_gold_that_was_given_back_returns_as_its_neighbour_does(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, ben: Person, root: Person
) -> None:
    """It would be known by returning, or by not returning, while others do the opposite."""
    factory.items(60)
    bench.options(root, gold_share=0.5)
    bench.review.take(ada, 3)
    first = bench.take(ada, n=3)
    while not any(a not in gold and b in gold for a, b in itertools.pairwise(first)):
        bench.label(ada, first[0])
        first = bench.take(ada, n=3)
    bench.review.release(ada)
    assert bench.take(ada, n=3) == first, "nobody else has any of them"
    bench.review.release(ada)
    bench.options(root, gold_share=0)
    taken = set(bench.take(ben, n=3))
    bench.options(root, gold_share=0.5)
    back = bench.take(ada, n=3)
    for before, item in itertools.pairwise(first):
        if before not in gold and item in gold:
            assert (item in back) is (before not in taken)


def test_gold_that_an_admin_decided_can_be_changed_like_any_other(
    bench: Bench, factory: Factory, ada: Person, ben: Person, root: Person
) -> None:
    (only,) = known_fakes(factory, 1)
    factory.label(root, only, FAKE, adjudicates=True)
    factory.items(40)
    bench.options(root, gold_share=0.5)
    item = bench.take_until(ada, {only})
    given = bench.label(ada, item, REAL)
    assert all(own.changeable for own in bench.review.recent(ada))
    bench.change(ada, given.client_id, FAKE)
    assert bench.undo(ada) == item


def test_what_waits_falls_by_each_answer_whatever_it_was_on(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person
) -> None:
    factory.items(60)
    bench.options(root, gold_share=0.5)
    start = bench.clock.now
    told = [bench.review.progress(ada, start).waiting]
    for _ in range(40):
        bench.clock.pass_minutes(0.1)
        (item,) = bench.take(ada)
        bench.label(ada, item, REAL)
        told.append(bench.review.progress(ada, start).waiting)
    assert told == list(range(60, 19, -1))
    bench.undo(ada)
    assert bench.review.progress(ada, start).waiting == 21
    bench.clock.pass_minutes(60)
    waiting = bench.review.progress(root, start).waiting
    assert waiting > 21, "those who see the queue are told the truth"
    assert bench.review.progress(ada, start).waiting == waiting, "and reviewers after a while"
    factory.items(30)
    assert bench.review.progress(ada, start).waiting == waiting + 30, "much that is new, at once"


def test_that_nothing_waits_is_told_at_once(bench: Bench, factory: Factory, ada: Person) -> None:
    factory.items(3)
    start = bench.clock.now
    bench.review.progress(ada, start)
    other = factory.person()
    for left in (1, 1, 0):  # of the two last answers of others nothing is told at once
        bench.clock.pass_minutes(0.1)
        (item,) = bench.take(other)
        bench.label(other, item, REAL)
        assert min(1, bench.review.progress(ada, start).waiting) == left


def test_the_opinion_tells_neither_an_audit_nor_under_which_policy_it_was_formed(
    factory: Factory, database: Database
) -> None:
    items = [factory.item() for _ in range(3)]
    factory.decision(items[0], p_fake=0.97)
    factory.decision(items[1], p_fake=0.97, audited=True, proposal="accept_fake", reasons=["audit"])
    factory.decision(items[2], p_fake=0.97, route="accept_fake", reasons=["certified_fake"])
    with database.read() as repos:
        decisions = [repos.decisions.of_item(item) for item in items]
    assert len({opinion_of(decision) for decision in decisions if decision}) == 1


def test_gold_takes_no_place_of_an_item_that_tells_faces_otherwise(
    bench: Bench, factory: Factory, gold: set[int], ada: Person, root: Person, database: Database
) -> None:
    waiting = factory.items(60)
    looked_at = {*waiting[30:], *sorted(gold)[:20]}
    with database.write() as repos:
        repos.faces.put_many("finder-1", {item: [] for item in looked_at})
    bench.options(root, gold_share=0.5)
    taken = []
    for _ in range(60):
        (item,) = bench.take(ada)
        bench.label(ada, item, REAL)
        taken.append(item)
    told = [item in looked_at for item in taken]
    assert len(gold & set(taken)) > 15
    # What waits comes oldest first: what was not looked at, then what was, whether gold or not.
    assert told == sorted(told)
