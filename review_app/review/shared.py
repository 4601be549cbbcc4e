"""The desk when many work at once: calls that wait at the same time share a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from anyio.to_thread import run_sync

from review_app.permissions import Person
from review_app.review.batch import Entry, Outcome
from review_app.review.desk import ReviewDesk
from review_app.review.tasks import Queue, Receipt, Submission, Task
from storage.database import Transactions
from storage.shared import SharedWrites

T = TypeVar("T")


class SharedDesk:
    """What people do all the time at a `ReviewDesk`, for callers on an event loop.

    Each call is as the desk's own: stored before it returns, or refused alone.
    """

    def __init__(self, desk: ReviewDesk, writes: SharedWrites) -> None:
        self._desk = desk
        self._writes = writes

    async def take(self, person: Person, n: int, queue: Queue) -> list[Task]:
        """`ReviewDesk.take`."""
        return await self._do(lambda desk: desk.take(person, n, queue))

    async def label(self, person: Person, submission: Submission) -> Receipt:
        """`ReviewDesk.label`."""
        return await self._do(lambda desk: desk.label(person, submission))

    async def answer(self, person: Person, entries: Sequence[Entry]) -> list[Outcome]:
        """`ReviewDesk.answer`."""
        return await self._do(lambda desk: desk.answer(person, entries))

    async def heartbeat(self, person: Person) -> int:
        """`ReviewDesk.heartbeat`."""
        return await self._do(lambda desk: desk.heartbeat(person))

    async def _do(self, call: Callable[[ReviewDesk], T]) -> T:
        answered: list[int] = []

        def do(transaction: Transactions) -> T:
            return call(self._desk.within(transaction, answered))

        found = await asyncio.wrap_future(self._writes.submit(do))
        if answered:
            await run_sync(self._desk.after_answers, answered)
        return found
