"""The queue in pages by id, one read and decided ahead of what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from review_app.policy.policy import Policy
from review_app.triage.decision_writer import Draft, triage_candidates
from storage.database import Database
from storage.enums import ItemState
from storage.repositories import Repositories
from storage.repositories.triage_candidates import CandidateColumns

DraftMaker = Callable[[Repositories, CandidateColumns, Policy], Draft]


@dataclass(frozen=True)
class QueuePage:
    """The candidates of a policy, by id."""

    draft: Draft
    """The decisions on those that have scores."""
    unscored: Sequence[int]
    """The ids of the others."""

    def __len__(self) -> int:
        return len(self.draft.batch) + len(self.unscored)

    @property
    def last_id(self) -> int:
        """The highest id of an item."""
        scored: list[int] = self.draft.batch.candidates.item_id[-1:].tolist()
        return max(*scored, *self.unscored[-1:], 0)


class QueuePages:
    """Pages of at most ``size`` candidates in ``state``: while one is written, the next is read and
    decided.

    What is read ahead may be out of date, as any page is by the time it is written: the writer
    looks again at who moved or was taken. That nothing is left is never told from a page read
    ahead: more may have come since.
    """

    def __init__(
        self,
        database: Database,
        state: ItemState,
        size: int,
        draft: DraftMaker,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._database = database
        self._state = state
        self._size = size
        self._draft = draft
        self._pool = pool
        self._ahead: tuple[int, int, Future[QueuePage]] | None = None

    @classmethod
    @contextmanager
    def opened(
        cls, database: Database, state: ItemState, size: int, draft: DraftMaker
    ) -> Iterator[QueuePages]:
        """The pages, with a thread that reads ahead for as long as they are in use."""
        with ThreadPoolExecutor(1, "triage-pages") as pool:
            yield cls(database, state, size, draft, pool)

    def after(self, item_id: int, policy: Policy) -> QueuePage:
        """The candidates of ``policy`` above ``item_id``; empty where nothing is left."""
        page = self._read_ahead(item_id, policy) or self._read(item_id, policy)
        self._ahead = None
        if len(page) == self._size:
            after = (page.last_id, policy.version)
            self._ahead = (*after, self._pool.submit(self._read, page.last_id, policy))
        return page

    def _read_ahead(self, item_id: int, policy: Policy) -> QueuePage | None:
        if self._ahead is None or self._ahead[:2] != (item_id, policy.version):
            return None
        return self._ahead[2].result()

    def _read(self, item_id: int, policy: Policy) -> QueuePage:
        with self._database.read() as repos:
            found = triage_candidates(repos, self._state, policy).after(item_id, self._size)
            draft = self._draft(repos, found.only(found.is_scored), policy)
        return QueuePage(draft, found.item_id[~found.is_scored].tolist())
