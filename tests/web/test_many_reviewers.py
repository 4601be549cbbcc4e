"""Many reviewers at once, over real HTTP: nothing is handed out twice, lost, or stuck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import func, select

from benchmarks.review_clients import Work
from benchmarks.review_load import at_work
from review_app.policy.review_options import ReviewOptions, change_options
from review_app.web.identity import COOKIE
from storage.enums import CountKind, ItemState, Role
from storage.models import Claim, Label
from tests.web.reviewers import HttpReviewer
from tests.web.serving import Serving
from tests.web.site import Site

N_REVIEWERS = 8
LEASE_SECONDS = 1.5


@pytest.fixture
def reviewers(fresh: Site) -> Iterator[list[HttpReviewer]]:
    """Eight people, signed in to a server on a real port."""
    tokens = [fresh.token(fresh.account()) for _ in range(N_REVIEWERS)]
    with Serving(fresh.web) as serving, ExitStack() as stack:
        yield [stack.enter_context(closing(HttpReviewer(serving.url, token))) for token in tokens]


def work_until_empty(reviewer: HttpReviewer) -> list[str]:
    """Take and answer; the handles of the acknowledged answers."""
    done: list[str] = []
    while items := reviewer.take(3):
        for outcome in reviewer.answer(items):
            assert not outcome["receipt"]["extra"]
            done.append(outcome["receipt"]["item_id"])
    return done


def test_eight_reviewers_label_400_items_and_none_is_lost_or_given_twice(
    fresh: Site, reviewers: list[HttpReviewer]
) -> None:
    items = fresh.factory.items(400)
    with ThreadPoolExecutor(N_REVIEWERS) as pool:
        done = list(pool.map(work_until_empty, reviewers))
    answered = fresh.known_as(handle for part in done for handle in part)
    assert Counter(answered) == dict.fromkeys(items, 1)
    assert all(done), "everybody got a share"
    with fresh.app.database.read() as repos:
        assert (
            repos.tallies.by_state()[ItemState.RESOLVED]
            == repos.tallies.count(CountKind.LABEL)
            == len(items)
        )
        handed_out = repos.session.scalars(select(Claim.item_id)).all()
    assert sorted(handed_out) == items


def test_at_overlap_two_every_item_ends_with_two_labels_whoever_abandons_what(
    fresh: Site, reviewers: list[HttpReviewer]
) -> None:
    _, admin = fresh.signed_in(Role.ADMIN)
    change_options(fresh.app.database, admin, ReviewOptions(lease_minutes=LEASE_SECONDS / 60))
    items = fresh.factory.items(120, needed_labels=2)
    with ThreadPoolExecutor(N_REVIEWERS) as pool:
        work = [pool.submit(one.work, i, LEASE_SECONDS) for i, one in enumerate(reviewers)]
        done = [part.result() for part in work]
    counted = select(Label.item_id, func.count()).where(Label.extra.is_(False))
    with fresh.app.database.read() as repos:
        rows = repos.session.execute(counted.group_by(Label.item_id))
        found = {row[0]: row[1] for row in rows}
        assert repos.tallies.count(CountKind.LABEL) == sum(done)
        assert repos.tallies.by_state()[ItemState.RESOLVED] == len(items)
    assert found == dict.fromkeys(items, 2)


@pytest.mark.parametrize("ahead", [True, False])
def test_the_reviewers_of_the_benchmark_store_what_they_say_they_did(
    ahead: bool, fresh: Site
) -> None:
    fresh.factory.items(2000)  # more than are answered in the time
    cookies = [f"{COOKIE}={fresh.token(fresh.account())}" for _ in range(4)]
    with Serving(fresh.web) as serving:
        told = at_work(Work(serving.port, cookies, seconds=1, ahead=ahead, every=0.05))
    with fresh.app.database.read() as repos:
        labels = repos.session.scalars(select(Label.item_id)).all()
    assert told.stored
    assert sorted(fresh.known_as(told.stored)) == sorted(labels)
    assert told.waits
    assert told.takes
    assert told.answers
