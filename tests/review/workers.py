"""Reviewers as threads and as processes of their own; importable, so that ``spawn`` finds them."""

from __future__ import annotations

import asyncio
import random
import signal
from os import getpid, kill

from review_app.core.permissions import Person
from review_app.review.batched import BatchedReview
from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from review_app.review.tasks import AnswerInput
from storage.database import Database
from storage.enums import LabelValue, Role
from tests.review.bench import FAKE, REAL


def review_until_empty(url: str, person_id: int) -> list[str]:
    """Take and label through an engine of one's own until nothing waits; the handles, in order."""
    database = Database(url)
    person = Person(person_id, f"reviewer-{person_id}", Role.REVIEWER)
    try:
        return work(ReviewService(ReviewContext(database, lambda _: "")), person)
    finally:
        database.close()


def work(review: ReviewService, person: Person) -> list[str]:
    """Take one to three items and answer them, sometimes twice as a flaky network would; the
    handles, in order."""
    generator = random.Random(person.id)
    answered: list[str] = []
    while tasks := review.take(person, generator.randint(1, 3)):
        for task in tasks:
            value: LabelValue = generator.choice([REAL, FAKE])
            client_id = f"{person.name}-{len(answered):04}"
            answer = AnswerInput(client_id=client_id, item_id=task.item_id, value=value)
            for _ in range(generator.choice([1, 1, 1, 2])):
                receipt = review.label(person, answer)
                assert not receipt.extra
            answered.append(task.item_id)
    return answered


def label_one_and_die(url: str, person_id: int, shared: bool) -> None:
    """Answer one item, in a ``shared`` transaction or in one of its own, and be killed the moment
    the answer is acknowledged."""
    database = Database(url)
    review = ReviewService(ReviewContext(database, lambda _: ""))
    person = Person(person_id, f"reviewer-{person_id}", Role.REVIEWER)
    (task,) = review.take(person)
    answer = AnswerInput(client_id="last-words", item_id=task.item_id, value=FAKE)
    if shared:
        asyncio.run(BatchedReview(review, database).label(person, answer))
    else:
        review.label(person, answer)
    kill(getpid(), signal.SIGKILL)
