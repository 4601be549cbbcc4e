"""Counters say what the rows come to, whatever changes the rows; and a check tells where not."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

import migrations
from review_app.durability import integrity
from storage.database import Database
from storage.enums import CountKind, ItemState, LabelValue
from storage.models import HourCount, Item
from storage.types import utc_now
from tests.factories import Factory

NOW = utc_now()
times = st.sampled_from([NOW - timedelta(hours=hours) for hours in (0, 1, 50)])
values = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(list(ItemState)),
        "state_since": times,
        "came_to_people_at": st.none() | times,
        "verdict": st.none() | st.sampled_from(list(LabelValue)),
        "source": st.sampled_from([None, "forum", "social"]),
    },
)
changes = st.lists(st.tuples(st.integers(0, 4), st.none() | values), max_size=8)


def wrong(database: Database) -> dict[str, list[str]]:
    with database.read() as repos:
        return repos.tallies.wrong()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(done=changes)
def test_counters_follow_whatever_changes_an_item(
    database: Database, factory: Factory, done: list[tuple[int, dict[str, object] | None]]
) -> None:
    images = [factory.image() for _ in range(5)]
    with database.write(durable=False) as repos:
        items = [Item(image_id=image, name="") for image in images]  # no event holds them fast
        repos.session.add_all(items)
        repos.session.flush()
        ids = [item.id for item in items]
        for at, change in done:
            one = Item.id == ids[at]
            asked = delete(Item) if change is None else update(Item).values(change)
            if change != {}:
                repos.session.connection().execute(asked.where(one))
    assert wrong(database) == {}


def test_labels_in_force_are_counted_by_person_and_hour(
    database: Database, factory: Factory
) -> None:
    ada, ben = factory.person(), factory.person()
    for person, value in ((ada, LabelValue.REAL), (ada, LabelValue.FAKE), (ben, LabelValue.FAKE)):
        label = factory.label(person, factory.item(), value)
    factory.label(ben, factory.item(), LabelValue.REAL, supersedes_id=label)
    with database.read() as repos:
        assert repos.tallies.by_person() == {
            ada.id: {LabelValue.REAL: 1, LabelValue.FAKE: 1},
            ben.id: {LabelValue.REAL: 1},
        }
        assert repos.tallies.count(CountKind.LABEL) == 3
        assert repos.tallies.count(CountKind.LABEL, utc_now()) == 3
        assert repos.tallies.count(CountKind.LABEL, utc_now() + timedelta(hours=1)) == 0
    assert wrong(database) == {}


def test_every_state_is_counted() -> None:
    assert {state.value for state in ItemState} < {kind.value for kind in CountKind}


def test_a_check_names_counters_that_are_wrong_and_a_recount_mends_them(
    database: Database, factory: Factory
) -> None:
    factory.items(3, ItemState.FAILED)
    with database.write() as repos:
        repos.session.execute(update(HourCount).values(n=HourCount.n + 1))
    (found,) = integrity.check(database).findings
    assert (found.table, found.kind) == ("hour_count", "miscounted")
    assert any(row.startswith("failed ") for row in found.rows)
    with database.write() as repos:
        repos.tallies.recount()
        assert repos.tallies.by_state()[ItemState.FAILED] == 3
    assert integrity.check(database).findings == ()


def test_the_migration_counts_what_is_there(database: Database, factory: Factory) -> None:
    for state in ItemState:
        factory.items(2, state)
    factory.label(factory.person(), factory.item(known=LabelValue.FAKE), LabelValue.FAKE)
    migrations.downgrade(database.engine, "0030")
    migrations.upgrade(database.engine)
    assert wrong(database) == {}
    with database.read() as repos:
        assert set(repos.tallies.by_state().values()) == {2, 3}
        assert repos.tallies.count(CountKind.KNOWN_LABEL) == 1
