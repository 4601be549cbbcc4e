"""The review service when many call at once: each call is as one of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from review_app.core.errors import ClaimLostError, ConflictError, NotAllowedError
from review_app.review.batch import LabelEntry
from review_app.review.batched import BatchedReview
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput, Queue
from storage.database import Database
from storage.enums import CountKind
from tests.factories import Factory
from tests.review.bench import FAKE, REAL, handle_of, items_of

PEOPLE = 12


class Told:
    """The service for callers on an event loop, and the items that it told of after answers."""

    def __init__(self, database: Database) -> None:
        self.items: list[int] = []
        self.review = BatchedReview(
            ReviewService(ReviewContext(database, lambda _: "", after_answers=self._hear)), database
        )

    def _hear(self, item_ids: Sequence[int]) -> None:
        self.items += item_ids


def answer(handle: str, client_id: str = "") -> AnswerInput:
    return AnswerInput(client_id=client_id or f"answer-{handle}", item_id=handle, value=FAKE)


def test_those_who_take_and_answer_at_once_each_get_their_own(
    database: Database, factory: Factory
) -> None:
    items = factory.items(3 * PEOPLE)
    people = [factory.person() for _ in range(PEOPLE)]
    told = Told(database)

    async def work() -> list[int]:
        taken = await asyncio.gather(
            *(told.review.take(person, 3, Queue.WAITING) for person in people)
        )
        assert await asyncio.gather(*map(told.review.heartbeat, people)) == [3] * PEOPLE
        receipts = await asyncio.gather(
            *(
                told.review.label(person, answer(task.item_id))
                for person, tasks in zip(people, taken, strict=True)
                for task in tasks
            )
        )
        return items_of(database, [receipt.item_id for receipt in receipts])

    answered = asyncio.run(work())
    told.review.close()
    assert Counter(answered) == Counter(told.items) == dict.fromkeys(items, 1)
    with database.read() as repos:
        assert repos.tallies.count(CountKind.LABEL) == len(items)
        assert repos.audit.first_broken() is None


def test_a_call_that_is_refused_spoils_no_other(database: Database, factory: Factory) -> None:
    first, second, foreign = factory.items(3)
    person, nobody = factory.person(), factory.person()
    told = Told(database)

    async def work() -> list[object]:
        mine, also_mine = (
            task.item_id for task in await told.review.take(person, 2, Queue.WAITING)
        )
        (theirs,) = (task.item_id for task in await told.review.take(nobody, 1, Queue.WAITING))
        assert items_of(database, [mine, also_mine, theirs]) == [first, second, foreign]
        entries = [
            LabelEntry(kind="label", client_id=f"entry-{handle}", item_id=handle, value=REAL)
            for handle in (also_mine, theirs)
        ]
        found = await asyncio.gather(
            told.review.label(nobody, answer(mine, "answer-of-another")),
            told.review.take(nobody, 1, Queue.ESCALATED),
            told.review.label(person, answer(mine)),
            told.review.label(person, answer(mine, "answered-again")),
            told.review.answer(person, entries),
            return_exceptions=True,
        )
        return list(found)

    lost, forbidden, receipt, twice, outcomes = asyncio.run(work())
    told.review.close()
    assert isinstance(lost, ClaimLostError)
    assert isinstance(forbidden, NotAllowedError)
    assert isinstance(twice, ConflictError)
    assert getattr(receipt, "item_id", None) == handle_of(database, first)
    assert isinstance(outcomes, list)
    assert [outcome.refusal is None for outcome in outcomes] == [True, False]
    assert sorted(told.items) == [first, second]


@pytest.mark.parametrize("times", [2, 5])
def test_an_answer_sent_several_times_at_once_is_stored_once(
    times: int, database: Database, factory: Factory
) -> None:
    factory.items(1)
    person = factory.person()
    told = Told(database)

    async def work() -> list[object]:
        (task,) = await told.review.take(person, 1, Queue.WAITING)
        sent = (told.review.label(person, answer(task.item_id)) for _ in range(times))
        return list(await asyncio.gather(*sent))

    receipts = asyncio.run(work())
    told.review.close()
    assert receipts == receipts[:1] * times
    with database.read() as repos:
        assert repos.tallies.count(CountKind.LABEL) == 1
