"""Transactions: who may write, who waits, and what a connection is set to."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from storage.database import Database, ReadOnlyError
from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import Item, KnownLabel, Option
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.wal import BUSY_TIMEOUT_MS
from tests.factories import Factory


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("foreign_keys", 1),
        ("journal_mode", "wal"),
        ("busy_timeout", BUSY_TIMEOUT_MS),
        ("synchronous", 2),
        ("recursive_triggers", 1),
    ],
)
def test_every_connection_is_set_up(pragma: str, value: object, database: Database) -> None:
    for block in (database.read, database.write):
        with block() as repos:
            assert repos.session.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.write() as repos:
        repos.session.add(KnownLabel(item_id=999, value=LabelValue.REAL, provenance=""))


def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as repos:
            repos.options.set("key", {"kept": False}, None)
            raise LookupError("after the row was written")

    with pytest.raises(LookupError):
        write_and_fail()
    with database.read() as repos:
        assert repos.options.get("key") is None


def _add_a_row(repos: Repositories) -> None:
    repos.options.set("key", {}, None)


def _insert(repos: Repositories) -> None:
    repos.audit.add(Event(AuditKind.EXPORTED, "nobody"))


def _update(repos: Repositories) -> None:
    repos.session.execute(update(Item).values(state=ItemState.FAILED))


def _change_a_row(repos: Repositories) -> None:
    option = repos.session.get_one(Option, "there")
    option.value = {"changed": True}
    repos.session.flush()


@pytest.mark.parametrize("change", [_add_a_row, _insert, _update, _change_a_row])
def test_a_read_cannot_change_anything_and_says_so(change: object, database: Database) -> None:
    with database.write() as repos:
        repos.options.set("there", {"changed": False}, None)
    with pytest.raises(ReadOnlyError, match=r"Database\.write"), database.read() as repos:
        change(repos)  # type: ignore[operator]
    with database.read() as repos:
        assert repos.options.get("there") == {"changed": False}
        assert [event.kind for event in repos.event_history.latest(2)] == [AuditKind.SEALED]


def test_a_read_sees_one_snapshot_while_others_write(database: Database) -> None:
    with database.write() as repos:
        repos.options.set("key", {"n": 1}, None)
    with database.read() as reader:
        assert reader.options.get("key") == {"n": 1}
        with database.write() as writer:
            writer.options.set("key", {"n": 2}, None)
        assert reader.session.scalar(select(Option.value)) == {"n": 1}
    with database.read() as reader:
        assert reader.options.get("key") == {"n": 2}


def test_a_writer_holds_the_lock_from_its_start_and_a_reader_holds_nobody_up(
    database: Database,
) -> None:
    """Before any statement that writes: that is what ``BEGIN IMMEDIATE`` is for."""
    other = sqlite3.connect(str(database.engine.url.database), timeout=0)
    with database.write() as repos:
        assert repos.options.get("key") is None
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    with database.read() as repos:
        assert repos.options.get("key") is None
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    other.close()


@pytest.mark.parametrize("shared", [True, False], ids=["one engine", "an engine each"])
def test_eight_who_read_and_then_write_lose_no_update(
    shared: bool, database: Database, database_url: str
) -> None:
    """Engines of their own queue at the file only, as separate processes do."""
    rounds, threads = 25, 8
    engines = [database if shared else Database(database_url) for _ in range(threads)]
    start = threading.Barrier(threads)

    def count_up(own: Database) -> None:
        start.wait()
        for _ in range(rounds):
            with own.write() as repos:
                before = (repos.options.get("counter") or {"n": 0})["n"]
                repos.options.set("counter", {"n": before + 1}, None)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(count_up, engines))
    with database.read() as repos:
        assert repos.options.get("counter") == {"n": rounds * threads}
    for own in engines:
        own.close()


def test_times_come_back_in_utc_whatever_zone_they_were_given_in(
    database: Database, factory: Factory
) -> None:
    tokyo = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    item_id = factory.item(state_since=tokyo)
    factory.item(state_since=datetime(2026, 3, 1, 0, 30, tzinfo=UTC))
    with database.read() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        assert item.created_at.tzinfo is UTC
    with database.write() as repos:
        repos.session.execute(update(Item).where(Item.id == item_id).values(state_since=tokyo))
    with database.read() as repos:
        item = repos.items.get(item_id)
        assert item is not None
        assert item.state_since == tokyo
        assert item.state_since.utcoffset() == timedelta(0)


def test_a_naive_time_is_refused(database: Database) -> None:
    naive = datetime(2026, 3, 1, 9, 30)  # noqa: DTZ001
    with pytest.raises(StatementError, match="naive"), database.write() as repos:
        repos.session.execute(update(Item).values(state_since=naive))
    with pytest.raises(ValueError, match="naive"), database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, "somebody", at=naive))


def test_several_programs_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    def open_and_write(database: Database) -> None:
        with database.engine.execution_options(writes=True).begin() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS one (id INTEGER)")

    for number in range(20):
        databases = [Database(f"sqlite:///{tmp_path / str(number)}.db") for _ in range(6)]
        with ThreadPoolExecutor(len(databases)) as pool:
            list(pool.map(open_and_write, databases))
        for database in databases:
            database.close()
