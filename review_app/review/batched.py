"""The review service when many work at once: calls that wait together share a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from review_app.core.permissions import Person
from review_app.review.batch import Entry, Outcome
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput, Queue, Receipt, Task
from storage.database import Database, Transactions
from storage.group_commit import GroupCommit
from storage.priority_batcher import PriorityBatcher

T = TypeVar("T")

MAX_TOLD = 32
"""Calls whose answers are told of at once."""


class BatchedReview:
    """The calls to a `ReviewService` that people make all the time, for callers on an event loop.

    Each call is as the service's own: stored before it returns, or refused alone. But nobody waits
    for what the service tells after answers: that follows in a moment, of all who answered
    meanwhile.
    """

    def __init__(self, review: ReviewService, database: Database) -> None:
        self._review = review
        self._writes = GroupCommit(database)
        self._answered: PriorityBatcher[list[int]] = PriorityBatcher(self._tell, MAX_TOLD)

    def close(self) -> None:
        """Finish what waits; no call may follow."""
        self._writes.close()
        self._answered.close()

    async def take(self, person: Person, n: int, queue: Queue) -> list[Task]:
        """Do `ReviewService.take`."""
        # Somebody looks at an empty place until it comes; for what they said nobody has to wait.
        return await self._do(lambda review: review.take(person, n, queue), urgent=True)

    async def label(self, person: Person, submission: AnswerInput) -> Receipt:
        """Do `ReviewService.label`."""
        return await self._do(lambda review: review.label(person, submission))

    async def answer(self, person: Person, entries: Sequence[Entry]) -> list[Outcome]:
        """Do `ReviewService.answer`."""
        return await self._do(lambda review: review.answer(person, entries))

    async def heartbeat(self, person: Person) -> int:
        """Do `ReviewService.heartbeat`."""
        return await self._do(lambda review: review.heartbeat(person))

    async def _do(self, call: Callable[[ReviewService], T], *, urgent: bool = False) -> T:
        answered: list[int] = []

        def do(transaction: Transactions) -> T:
            answered.clear()  # of a try that was taken back
            return call(self._review.within(transaction, answered))

        found = await asyncio.wrap_future(self._writes.submit(do, urgent=urgent))
        if answered:
            self._answered.put(answered)
        return found

    def _tell(self, answered: list[list[int]]) -> None:
        self._review.after_answers([item_id for part in answered for item_id in part])
