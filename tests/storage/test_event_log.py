"""The audit log: complete, in order, and telling on whoever rewrites it."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.enums import AuditKind, ItemState
from storage.repositories.event_log import Event
from storage.repositories.items import Move
from tests.factories import Factory


def _rewrite(database: Database, *statements: str) -> None:
    """Do what only somebody with the file and the will can do."""
    with sqlite3.connect(str(database.engine.url.database)) as raw:
        raw.execute("DROP TRIGGER audit_event_no_update")
        raw.execute("DROP TRIGGER audit_event_no_delete")
        for statement in statements:
            raw.execute(statement)
    raw.close()


def _first_broken(database: Database) -> int | None:
    with database.read() as repos:
        return repos.audit.first_broken()


def test_an_empty_log_is_whole(database: Database) -> None:
    assert _first_broken(database) is None


def test_a_log_that_nobody_touched_is_whole(database: Database, factory: Factory) -> None:
    factory.items(20)
    assert _first_broken(database) is None


@pytest.mark.parametrize(
    "assignment",
    [
        "actor = 'somebody else'",
        "kind = 'exported'",
        "kind = 'no such kind'",
        "at = '2001-01-01 00:00:00.000000'",
        "at = 'yesterday'",
        "item_id = 2",
        "item_id = NULL",
        "from_state = 'pending'",
        "to_state = 'nowhere'",
        "details = '{}'",
        "details = 'no JSON'",
        "hash = previous_hash",
        "previous_hash = hash",
    ],
)
def test_a_changed_row_is_found(assignment: str, database: Database, factory: Factory) -> None:
    for _ in range(3):
        factory.item(ItemState.PENDING)
    _rewrite(database, f"UPDATE audit_event SET {assignment} WHERE id = 3")
    assert _first_broken(database) == 3


def test_a_removed_row_is_found_by_the_one_after_it(database: Database, factory: Factory) -> None:
    factory.items(3)
    _rewrite(database, "DELETE FROM audit_event WHERE id = 3")
    assert _first_broken(database) == 4


def test_swapped_rows_are_found(database: Database, factory: Factory) -> None:
    factory.items(3)
    _rewrite(
        database,
        "UPDATE audit_event SET id = 100 WHERE id = 2",
        "UPDATE audit_event SET id = 2 WHERE id = 3",
        "UPDATE audit_event SET id = 3 WHERE id = 100",
    )
    assert _first_broken(database) == 2


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    details=st.dictionaries(st.text() | st.integers(0, 200), JSON, max_size=15),
    at=st.datetimes(
        datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        timezones=st.just(timezone(timedelta(hours=-7))),
    ),
)
def test_whatever_an_event_holds_it_reads_back_as_it_was_hashed(
    database: Database, details: dict[str, object], at: datetime
) -> None:
    with database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, "ada", at=at, details=details))
    with database.read() as repos:
        (event,) = repos.event_history.latest(1)
        assert event.at == at
        assert set(event.details) == {str(key) for key in details}
        assert repos.audit.first_broken() is None


def test_each_change_of_state_leaves_a_row_that_says_from_where_to_where(
    database: Database, factory: Factory
) -> None:
    item_id = factory.item(ItemState.PENDING, name="a.png")
    steps = {
        ItemState.FAILED: AuditKind.FAILED,
        ItemState.PENDING: AuditKind.RETRIED,
        ItemState.AUTO_ACCEPTED: AuditKind.TRIAGED,
        ItemState.IN_REVIEW: AuditKind.REOPENED,
    }
    path = list(steps)
    for state, kind in steps.items():
        with database.write() as repos:
            repos.items.move("ada", [Move(item_id, state, kind, {"why": "a test"})])
    with database.read() as repos:
        events = repos.event_history.of_item(item_id)
    assert [event.to_state for event in events] == [ItemState.PENDING, *path]
    assert [event.from_state for event in events] == [None, ItemState.PENDING, *path[:-1]]
    assert [event.actor for event in events][1:] == ["ada"] * 4


def test_staying_in_a_state_does_not_restart_its_clock(
    database: Database, factory: Factory
) -> None:
    item_id = factory.item()
    with database.read() as repos:
        before = repos.items.get(item_id)
    with database.write() as repos:
        move = Move(item_id, ItemState.IN_REVIEW, AuditKind.LABELLED, values={"rank": 7.0})
        repos.items.move("ada", [move])
    with database.read() as repos:
        after = repos.items.get(item_id)
    assert before is not None
    assert after is not None
    assert after.state_since == before.state_since
    assert after.rank == 7.0
