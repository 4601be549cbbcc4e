"""Eight reviewers at once, as threads and as processes: nothing lost, nothing done twice."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from sqlalchemy import select

from review_app.review.context import ReviewContext
from review_app.review.service import ReviewService
from storage.database import Database
from storage.enums import ItemState
from storage.models import Claim, Label
from tests.factories import Factory
from tests.review.bench import FAKE, items_of
from tests.review.workers import label_one_and_die, review_until_empty, work

SPAWN = multiprocessing.get_context("spawn")
WORKERS = 8


def test_eight_threads_share_four_hundred_items(database: Database, factory: Factory) -> None:
    items = factory.items(400)
    people = [factory.person() for _ in range(WORKERS)]
    review = ReviewService(ReviewContext(database, lambda _: ""))
    with ThreadPoolExecutor(WORKERS) as pool:
        answered = list(pool.map(lambda person: work(review, person), people))
    _assert_each_answered_once(database, items, answered, overlap=1)


def test_eight_processes_share_four_hundred_items(
    database: Database, database_url: str, factory: Factory
) -> None:
    items = factory.items(400)
    people = [factory.person().id for _ in range(WORKERS)]
    with ProcessPoolExecutor(WORKERS, mp_context=SPAWN) as pool:
        answered = list(pool.map(review_until_empty, [database_url] * WORKERS, people))
    _assert_each_answered_once(database, items, answered, overlap=1)


def test_at_overlap_two_each_item_is_answered_by_two_people(
    database: Database, factory: Factory
) -> None:
    items = factory.items(100, needed_labels=2)
    people = [factory.person() for _ in range(WORKERS)]
    review = ReviewService(ReviewContext(database, lambda _: ""))
    with ThreadPoolExecutor(WORKERS) as pool:
        answered = list(pool.map(lambda person: work(review, person), people))
    _assert_each_answered_once(database, items, answered, overlap=2)


@pytest.mark.parametrize("shared", [False, True])
def test_an_acknowledged_label_survives_a_kill(
    shared: bool, database: Database, database_url: str, factory: Factory
) -> None:
    (item,) = factory.items(1)
    last_words = (database_url, factory.person().id, shared)
    process = SPAWN.Process(target=label_one_and_die, args=last_words)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with database.read() as repos:
        (label,) = repos.labels.in_force(item)
        assert (label.client_id, label.value) == ("last-words", FAKE)
        stored = repos.items.get(item)
        assert stored is not None
        assert stored.state is ItemState.RESOLVED
        assert repos.audit.first_broken() is None
        assert repos.integrity() == "ok"


@pytest.mark.parametrize("overlap", [1, 2])
def test_two_who_take_at_once_never_get_one_slot(
    overlap: int, database: Database, factory: Factory
) -> None:
    """All take before anybody answers, so that only the claims keep them apart."""
    items = factory.items(12, needed_labels=overlap)
    people = [factory.person() for _ in range(WORKERS)]
    review = ReviewService(ReviewContext(database, lambda _: ""))
    with ThreadPoolExecutor(WORKERS) as pool:
        taken = list(pool.map(lambda person: review.take(person, 5), people))
    handles = [task.item_id for tasks in taken for task in tasks]
    holders = Counter(items_of(database, handles))
    assert holders == dict.fromkeys(items, overlap)


def _assert_each_answered_once(
    database: Database, items: list[int], handles: list[list[str]], overlap: int
) -> None:
    """Claims, labels and states agree that each item was answered by ``overlap`` people, once."""
    answered = [items_of(database, mine) for mine in handles]
    assert Counter(item for mine in answered for item in mine) == dict.fromkeys(items, overlap)
    assert all(len(mine) == len(set(mine)) for mine in answered)
    with database.read() as repos:
        labels = Counter(repos.session.scalars(select(Label.item_id)))
        claims = Counter(repos.session.scalars(select(Claim.item_id)))
        assert labels == claims == dict.fromkeys(items, overlap)
        assert repos.counts.live_claims() == 0
        states = repos.tallies.by_state()
        assert states[ItemState.RESOLVED] + states[ItemState.ESCALATED] == len(items)
        assert repos.audit.first_broken() is None
