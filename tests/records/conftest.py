"""Fixtures of the tests of records."""

from __future__ import annotations

import pytest

from review_app.core.permissions import Person
from review_app.records.service import RecordService
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput, Queue
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.records.exporting import Answer
from tests.review.bench import Bench


@pytest.fixture
def records(bench: Bench) -> RecordService:
    """The record service over the same database, by the same clock."""
    return RecordService(bench.database, bench.clock)


@pytest.fixture
def review(database: Database, factory: Factory) -> ReviewService:
    """Reviewing where every answer is final at once."""
    factory.review_options(undo_minutes=0)
    return ReviewService(ReviewContext(database, lambda _: "words"))


@pytest.fixture
def answer(review: ReviewService) -> Answer:
    """Takes the next item and answers it."""

    def answer(
        person: Person, value: LabelValue, comment: str = "", queue: Queue = Queue.WAITING
    ) -> None:
        (task,) = review.take(person, 1, queue)
        client_id = f"answer-{task.item_id}-{person.id}-{value}"
        review.label(
            person,
            AnswerInput(client_id=client_id, item_id=task.item_id, value=value, comment=comment),
        )

    return answer
