"""Writes that share a transaction: each stands or falls alone, and is told once it is on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from storage.database import Database, Transactions
from storage.group_commit import MAX_TOGETHER, MAX_URGENT_TOGETHER, GroupCommit
from storage.priority_batcher import PATIENCE
from storage.repositories.lease import Lease
from storage.types import utc_now
from tests.factories import Factory


@pytest.fixture
def writes(database: Database) -> Iterator[GroupCommit]:
    shared = GroupCommit(database)
    yield shared
    shared.close()


@pytest.fixture
def commits(database: Database) -> list[object]:
    """Grows by one with each commit."""
    found: list[object] = []
    event.listen(database.engine, "commit", found.append)
    return found


def store(key: str) -> Callable[[Transactions], str]:
    def work(transaction: Transactions) -> str:
        with transaction.write() as repos:
            repos.options.set(key, {"stored": True}, None)
        return key

    return work


def store_and_fail(transaction: Transactions) -> str:
    with transaction.write() as repos:
        repos.options.set("refused", {"stored": True}, None)
        raise LookupError("after the row was written")


def store_what_is_refused(transaction: Transactions) -> str:
    with transaction.write() as repos:
        repos.options.set("refused", {"stored": True}, None)
        repos.options.set("by nobody", {}, 999)
    return "refused"


def store_nothing_but_what_is_refused(transaction: Transactions) -> str:
    with transaction.write() as repos:
        repos.options.set("refused", {}, 999)
    return "refused"


def stored(database: Database, key: str) -> bool:
    with database.read() as repos:
        return repos.options.get(key) is not None


def all_at_once(
    writes: GroupCommit, works: list[Callable[[Transactions], str]]
) -> list[Future[str]]:
    """Have all of them wait at the same moment."""
    with keep_busy(writes):
        return [writes.submit(work) for work in works]


@contextmanager
def keep_busy(writes: GroupCommit) -> Iterator[None]:
    """Nothing else is done meanwhile."""
    begun, go = threading.Event(), threading.Event()

    def wait(_: Transactions) -> bool:
        begun.set()
        return go.wait(30)

    busy = writes.submit(wait)
    assert begun.wait(30)
    yield
    go.set()
    assert busy.result(30)


def test_those_who_wait_at_once_share_a_transaction(
    writes: GroupCommit, commits: list[object], database: Database
) -> None:
    keys = [f"key-{i}" for i in range(MAX_TOGETHER + 1)]
    waiting = all_at_once(writes, [store(key) for key in keys])
    assert [one.result(30) for one in waiting] == keys
    assert len(commits) == 2, "that of as many as may, and that of the one left over"
    assert all(stored(database, key) for key in keys)


@pytest.mark.parametrize(
    ("fail", "error"),
    [
        (store_and_fail, LookupError),
        (store_what_is_refused, IntegrityError),
        (store_nothing_but_what_is_refused, IntegrityError),
    ],
)
def test_one_that_raises_leaves_nothing_and_the_others_stand(
    fail: Callable[[Transactions], str],
    error: type[Exception],
    writes: GroupCommit,
    database: Database,
) -> None:
    first, failing, last = all_at_once(writes, [store("first"), fail, store("last")])
    assert (first.result(30), last.result(30)) == ("first", "last")
    with pytest.raises(error):
        failing.result(30)
    assert stored(database, "first")
    assert stored(database, "last")
    assert not stored(database, "refused")


def test_those_beside_one_that_raises_are_done_anew_only_where_it_had_written(
    writes: GroupCommit, database: Database
) -> None:
    done: list[str] = []

    def note(transaction: Transactions) -> str:
        done.append("noted")
        return store("noted")(transaction)

    def refuse(transaction: Transactions) -> str:
        with transaction.write() as repos:
            assert repos.options.get("refused") is None
            raise LookupError("before anything was written")

    for refused, times in ((refuse, 1), (store_and_fail, 2)):
        done.clear()
        noted, failing = all_at_once(writes, [note, refused])
        assert noted.result(30) == "noted"
        with pytest.raises(LookupError):
            failing.result(30)
        assert done == ["noted"] * times
    assert stored(database, "noted")


def test_what_is_told_done_is_there_for_everybody(
    writes: GroupCommit, database: Database, database_url: str
) -> None:
    elsewhere = Database(database_url)
    for i in range(20):
        writes.submit(store(f"key-{i}")).result(30)
        assert stored(elsewhere, f"key-{i}")
    elsewhere.close()


def test_nobody_is_told_done_when_the_commit_fails(writes: GroupCommit, database: Database) -> None:
    def break_the_commit(transaction: Transactions) -> str:
        with transaction.write() as repos:
            repos.session.execute(text("PRAGMA defer_foreign_keys=ON"))
            repos.options.set("orphan", {}, 999)
        return "orphan"

    waiting = all_at_once(writes, [store("before"), break_the_commit, store("after")])
    for one in waiting:
        with pytest.raises(IntegrityError):
            one.result(30)
    assert not stored(database, "before")
    assert writes.submit(store("later")).result(30) == "later"


def test_closing_finishes_what_waits(database: Database) -> None:
    writes = GroupCommit(database)
    waiting = all_at_once(writes, [store(f"key-{i}") for i in range(2 * MAX_TOGETHER)])
    writes.close()
    assert all(one.done() for one in waiting)
    assert stored(database, f"key-{2 * MAX_TOGETHER - 1}")


def test_work_that_nobody_waits_for_any_longer_is_still_done(
    writes: GroupCommit, database: Database
) -> None:
    with keep_busy(writes):
        left = writes.submit(store("left"))
        assert left.cancel()
    assert writes.submit(store("next")).result(30) == "next"
    assert stored(database, "left")


def test_what_one_that_raised_had_chosen_is_not_in_force_for_the_next(
    writes: GroupCommit, database: Database
) -> None:
    def choose_look_and_fail(transaction: Transactions) -> str:
        with transaction.write() as repos:
            repos.options.set("key", {"chosen": True}, None)
            assert repos.options.get("key") == {"chosen": True}
            raise LookupError("after it was looked at")

    def look(transaction: Transactions) -> str:
        with transaction.write() as repos:
            return str(repos.options.get("key"))

    _, seen = all_at_once(writes, [choose_look_and_fail, look])
    assert seen.result(30) == "None"
    assert not stored(database, "key")


def test_what_is_urgent_overtakes_but_nobody_is_overtaken_for_ever(
    writes: GroupCommit,
) -> None:
    order: list[str] = []

    def note(name: str) -> Callable[[Transactions], None]:
        return lambda _: order.append(name)

    with keep_busy(writes):
        told = [writes.submit(note(f"other {i}")) for i in range(MAX_TOGETHER + 1)]
        urgent = (PATIENCE + 1) * MAX_URGENT_TOGETHER
        told += [writes.submit(note("urgent"), urgent=True) for _ in range(urgent)]
    for one in told:
        one.result(30)
    first = PATIENCE * MAX_URGENT_TOGETHER
    others = [f"other {i}" for i in range(MAX_TOGETHER + 1)]
    assert order[:first] == ["urgent"] * first
    assert order[first : first + MAX_TOGETHER] == others[:MAX_TOGETHER]
    assert order[first + MAX_TOGETHER :] == ["urgent"] * MAX_URGENT_TOGETHER + others[MAX_TOGETHER:]


def test_leases_that_ran_out_are_ended_again_after_a_part_that_failed(
    writes: GroupCommit, database: Database
) -> None:
    factory = Factory(database)
    item, person = factory.item(), factory.person()
    now = utc_now()
    lease = Lease.of(now, timedelta(minutes=10), timedelta(hours=4))
    with database.write() as repos:
        repos.claims.give(person.id, item, now - timedelta(hours=1), now - timedelta(minutes=1))

    def expire(transaction: Transactions) -> int:
        with transaction.write() as repos:
            return repos.claims.expire(lease)

    def expire_and_fail(transaction: Transactions) -> int:
        with transaction.write() as repos:
            assert repos.claims.expire(lease) == 1
            raise LookupError("after the lease was ended")

    with keep_busy(writes):
        told = [writes.submit(work) for work in (expire_and_fail, expire, expire)]
    with pytest.raises(LookupError):
        told[0].result(30)
    assert [one.result(30) for one in told[1:]] == [1, 0]
