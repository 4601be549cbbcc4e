"""The queue in pages by id, one read ahead of what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from review_app.policy.policy import Policy
from review_app.triage.decision_writer import triage_candidates
from storage.database import Database
from storage.enums import ItemState
from storage.repositories.triage_candidates import CandidateColumns


class QueuePages:
    """Pages of at most ``size`` candidates in ``state``: while one is decided and written, the next
    is read.

    What is read ahead may be out of date, as any page is by the time it is written: the writer
    looks again at who moved or was taken. That nothing is left is never told from a page read
    ahead: more may have come since.
    """

    def __init__(
        self, database: Database, state: ItemState, size: int, pool: ThreadPoolExecutor
    ) -> None:
        self._database = database
        self._state = state
        self._size = size
        self._pool = pool
        self._ahead: tuple[int, int, Future[CandidateColumns]] | None = None

    @classmethod
    @contextmanager
    def opened(cls, database: Database, state: ItemState, size: int) -> Iterator[QueuePages]:
        """The pages, with a thread that reads ahead for as long as they are in use."""
        with ThreadPoolExecutor(1, "triage-pages") as pool:
            yield cls(database, state, size, pool)

    def after(self, item_id: int, policy: Policy) -> CandidateColumns:
        """The candidates of ``policy`` above ``item_id``; empty where nothing is left."""
        page = self._read_ahead(item_id, policy) or self._read(item_id, policy)
        self._ahead = None
        if len(page) == self._size:
            last = int(page.item_id[-1])
            self._ahead = (last, policy.version, self._pool.submit(self._read, last, policy))
        return page

    def _read_ahead(self, item_id: int, policy: Policy) -> CandidateColumns | None:
        if self._ahead is None or self._ahead[:2] != (item_id, policy.version):
            return None
        return self._ahead[2].result()

    def _read(self, item_id: int, policy: Policy) -> CandidateColumns:
        with self._database.read() as repos:
            return triage_candidates(repos, self._state, policy).after(item_id, self._size)
