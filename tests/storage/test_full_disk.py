"""A disk that is full or read-only: nothing is half stored, nor told to be stored and is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.database import Database, Transactions
from storage.errors import Fault, StorageFault
from storage.group_commit import GroupCommit
from tests.storage.full import no_more_pages, no_room_in_files, read_only

MUCH = "x" * 200_000


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    return tmp_path / "review.db"


def put(database: Database, key: str, value: str = "") -> None:
    with database.write() as repos:
        repos.options.set(key, {"value": value}, None)


def stored(database: Database, *keys: str) -> list[str]:
    with database.read() as repos:
        return [key for key in keys if repos.options.get(key) is not None]


def test_no_more_pages(database: Database) -> None:
    with no_more_pages(database), pytest.raises(StorageFault) as told:
        put(database, "much", MUCH)
    assert told.value.fault is Fault.FULL
    put(database, "after")
    assert stored(database, "much", "after") == ["after"]


def test_no_room_for_files(database: Database, path: Path) -> None:
    put(database, "before")
    with no_room_in_files(path), pytest.raises(StorageFault) as told:
        put(database, "much", MUCH)
    assert told.value.fault is Fault.FAILING, "the limit on files is told as an input/output error"
    put(database, "after")
    database.beat()
    assert stored(database, "before", "much", "after") == ["before", "after"]


def test_read_only(database: Database) -> None:
    put(database, "before")
    with read_only(database), pytest.raises(StorageFault) as told:
        put(database, "refused")
    assert told.value.fault is Fault.READ_ONLY
    put(database, "after")
    assert stored(database, "before", "refused", "after") == ["before", "after"]


def test_the_beat_finds_it_out_and_goes_on_afterwards(database: Database, path: Path) -> None:
    put(database, "before")
    database.beat()
    for trouble in (no_room_in_files(path), read_only(database)):
        with trouble, pytest.raises(StorageFault):
            database.beat()
        database.beat()


def store(key: str, value: str = "") -> Callable[[Transactions], str]:
    def work(transaction: Transactions) -> str:
        with transaction.write() as repos:
            repos.options.set(key, {"value": value}, None)
        return key

    return work


def test_of_those_who_share_a_transaction_nobody_is_told_done_where_one_fills_the_disk(
    database: Database,
) -> None:
    """SQLite then takes back what all of them did, and goes on as if nothing had been."""
    shared = GroupCommit(database)
    gate = threading.Event()
    shared.submit(lambda transaction: gate.wait(10))
    with no_more_pages(database, more=1):
        told = [
            shared.submit(work) for work in (store("one"), store("much", MUCH), store("another"))
        ]
        gate.set()
        for future in told:
            with pytest.raises(StorageFault) as refused:
                future.result()
            assert refused.value.fault is Fault.FULL
    assert stored(database, "one", "much", "another") == []
    again = [shared.submit(store(key)).result() for key in ("one", "another")]
    assert stored(database, *again) == again
    shared.close()


def test_a_transaction_that_sqlite_has_ended_is_not_told_done(database: Database) -> None:

    def end_it_inside() -> None:
        with database.write() as repos:
            repos.options.set("one", {}, None)
            repos.session.flush()
            driver = repos.session.connection().connection.driver_connection
            assert driver is not None
            driver.execute("ROLLBACK")

    with pytest.raises(StorageFault):
        end_it_inside()
    assert stored(database, "one") == []


def test_a_refusal_of_its_own_stays_what_it_is_though_the_disk_was_full_before(
    database: Database,
) -> None:
    def refuse_after_a_fault() -> None:
        try:
            with no_more_pages(database):
                put(database, "much", MUCH)
        except StorageFault:
            with database.write():
                raise LookupError from None

    with pytest.raises(LookupError):
        refuse_after_a_fault()
