"""Writes that wait at the same time, done in one transaction (group commit).

A transaction costs more than what is written in it: its beginning, its commit, and the disk that
the commit waits for. When many people answer at once, those who wait for the same moment share one.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from storage.database import Database, NestedTransactions, SpoiltError, Transactions
from storage.priority_batcher import PriorityBatcher

MAX_TOGETHER = 8
"""Pieces of work in one transaction: those that come after it wait for all of them, what is urgent
too. With 32, the next item came after 125 ms instead of 60 (p95, 40 people without a pause)."""
MAX_URGENT_TOGETHER = 32
"""The same, of what is urgent: nothing overtakes that."""

T = TypeVar("T")


class GroupCommit:
    """One thread that does what others give it, sharing transactions.

    A piece of work is told done once its transaction is committed. One that raises leaves nothing,
    and the others stand, provided that it makes its changes in one `Transactions.write`; it may be
    done anew for that.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._works: PriorityBatcher[_Work[Any]] = PriorityBatcher(
            self._do_together, MAX_TOGETHER, MAX_URGENT_TOGETHER
        )

    def submit(self, work: Callable[[Transactions], T], *, urgent: bool = False) -> Future[T]:
        """Have ``work`` done soon; what it returns or raises, once it is on disk or refused.

        What is ``urgent`` overtakes what is not.
        """
        told: Future[T] = Future()
        self._works.put(_Work(work, told), urgent=urgent)
        return told

    def close(self) -> None:
        """Finish what waits; nothing may be submitted afterwards."""
        self._works.close()

    def _do_together(self, batch: list[_Work[Any]]) -> None:
        try:
            try:
                # What is refused is so before it writes anything, so hardly any has to be undone.
                self._do(batch, savepoints=False)
            except SpoiltError:
                self._do(batch, savepoints=True)
        except BaseException as error:
            for work in batch:
                work.undone(error)
        for work in batch:
            work.tell()

    def _do(self, batch: list[_Work[Any]], *, savepoints: bool) -> None:
        with self._database.together(savepoints=savepoints) as transaction:
            for work in batch:
                work.attempt(transaction)


class _Work(Generic[T]):
    """A piece of work, and whoever waits for it."""

    def __init__(self, do: Callable[[Transactions], T], told: Future[T]) -> None:
        self._do = do
        self._told = told
        self._found: T
        self._error: BaseException | None = None

    def attempt(self, transaction: NestedTransactions) -> None:
        """Do the work. Raises where it has ended the transaction, and with it what others did in
        it; or has spoilt it."""
        try:
            self._found = self._do(transaction)
            self._error = None
        except SpoiltError:
            raise
        except Exception as refusal:
            if not transaction.is_open:
                raise
            self._error = refusal

    def undone(self, error: BaseException) -> None:
        """The transaction was not committed, so nothing of it is there."""
        self._error = error

    def tell(self) -> None:
        if not self._told.set_running_or_notify_cancel():
            return  # nobody waits any longer
        if self._error is None:
            self._told.set_result(self._found)
        else:
            self._told.set_exception(self._error)
