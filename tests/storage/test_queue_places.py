"""Places in the queue follow the items, whatever changes them; a sweep takes the last of them."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from storage.database import Database
from storage.enums import ItemState, PlacedBy
from storage.models import Item, QueuePlace
from storage.repositories.queue import WaitingQueue, in_queue
from storage.types import utc_now
from tests.factories import Factory

WAITING = (ItemState.IN_REVIEW, ItemState.ESCALATED)
KINDS = (PlacedBy.DEADLINE, PlacedBy.WORTH, PlacedBy.TIME_AGAIN, PlacedBy.TIME)
"""Kinds of ranks that lie one after the other; those of a race lie among those of worth."""
Place = tuple[ItemState, float, int]

items = st.integers(0, 4)
states = st.sampled_from(list(ItemState))
ranks = st.sampled_from([-3.0, -1.5, -1.25, 0.0, 1.0, 1.5])
changes: st.SearchStrategy[tuple[str, int, dict[str, object]]] = st.one_of(
    st.tuples(st.just("move"), items, st.fixed_dictionaries({"state": states, "rank": ranks})),
    st.tuples(st.just("move"), items, st.fixed_dictionaries({"state": states})),
    st.tuples(st.just("move"), items, st.fixed_dictionaries({"rank": ranks})),
    st.tuples(st.sampled_from(["accept", "sweep"]), items, st.just({})),
)


def places(database: Database) -> list[Place]:
    """All rows, in order."""
    with database.read() as repos:
        return [(p.state, p.rank, p.item_id) for p in repos.session.scalars(_ALL)]


_ALL = select(QueuePlace).order_by(QueuePlace.state, QueuePlace.rank, QueuePlace.item_id)


def waiting(database: Database) -> list[Place]:
    """What waits, by the items alone, in the order of `places`."""
    with database.read() as repos:
        rows = repos.session.scalars(select(Item).where(Item.state.in_(WAITING)))
        return sorted(((i.state, i.rank, i.id) for i in rows), key=lambda p: (p[0].value, *p[1:]))


def walked(database: Database) -> list[Place]:
    """What is found by walking the queues, in the order of `places`."""
    with database.read() as repos:
        return [
            (item.state, item.rank, item.id)
            for state in sorted(WAITING, key=lambda s: s.value)
            for item in repos.session.scalars(in_queue(select(Item), state))
        ]


def sweep(database: Database, limit: int = 2) -> None:
    after: float | None = -inf
    while after is not None:
        with database.write() as repos:
            after = WaitingQueue(repos.session).sweep(after, limit)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(changes, min_size=1, max_size=12))
def test_walking_the_queue_finds_what_waits_whatever_happened(
    database: Database, factory: Factory, moves: list[tuple[str, int, dict[str, object]]]
) -> None:
    ids = factory.items(5)
    for kind, which, values in moves:
        if kind == "sweep":
            sweep(database)
        else:
            with database.write() as repos:
                if kind == "accept":
                    values = {"state": ItemState.AUTO_ACCEPTED}
                changed = update(Item).where(Item.id == ids[which]).values(values)
                repos.session.execute(changed)
        assert walked(database) == waiting(database)
    with database.write() as repos:
        left = Item.id.in_([place[2] for place in waiting(database)])
        repos.session.execute(update(Item).where(left).values(state=ItemState.AUTO_ACCEPTED))
    sweep(database)
    assert [place for place in places(database) if place[0] is ItemState.IN_REVIEW] == []


def test_accepted_items_leave_their_places_to_the_sweep(
    database: Database, factory: Factory
) -> None:
    ids = factory.items(30)
    with database.write() as repos:
        repos.items.accept(ids[::2], ItemState.IN_REVIEW, utc_now())
    assert len(places(database)) == 30
    assert [place[2] for place in walked(database)] == ids[1::2]
    with database.write() as repos:
        assert WaitingQueue(repos.session).sweep(-inf, 10) == 9.0
    assert len(places(database)) == 25
    sweep(database, 10)
    assert places(database) == waiting(database)


@pytest.mark.parametrize("state", [ItemState.RESOLVED, ItemState.FAILED, ItemState.PENDING])
def test_whatever_else_leaves_the_queue_gives_up_its_place_at_once(
    state: ItemState, database: Database, factory: Factory
) -> None:
    gone, other = factory.items(2)
    with database.write() as repos:
        repos.session.execute(update(Item).where(Item.id == gone).values(state=state))
    assert places(database) == [(ItemState.IN_REVIEW, 1.0, other)]


def test_items_that_come_or_go_as_whole_rows_have_a_place_as_long(
    database: Database, factory: Factory
) -> None:
    image_id = factory.image()
    with database.write() as repos:
        row = {"image_id": image_id, "state": ItemState.ESCALATED, "name": "a.png", "rank": 7.0}
        repos.session.execute(insert(Item), [row])
    ((state, rank, item_id),) = places(database)
    assert (state, rank) == (ItemState.ESCALATED, 7.0)
    with database.write() as repos:
        repos.session.execute(delete(Item).where(Item.id == item_id))
    assert places(database) == []


def test_the_ends_of_the_queue_tell_of_what_waits_alone(
    database: Database, factory: Factory
) -> None:
    def ends() -> tuple[PlacedBy, PlacedBy] | None:
        with database.read() as repos:
            return WaitingQueue(repos.session).ends()

    assert ends() is None
    late, worthy, again, new = (
        factory.item(rank=rank, placed_by=kind)
        for rank, kind in zip((-3.0, -1.5, -0.5, 7.0), KINDS, strict=True)
    )
    assert ends() == (PlacedBy.DEADLINE, PlacedBy.TIME)
    with database.write() as repos:
        repos.items.accept([late, new], ItemState.IN_REVIEW, utc_now())
    assert ends() == (PlacedBy.WORTH, PlacedBy.TIME_AGAIN)
    with database.write() as repos:
        repos.items.accept([worthy, again], ItemState.IN_REVIEW, utc_now())
    assert ends() is None
