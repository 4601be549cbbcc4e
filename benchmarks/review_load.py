"""Many reviewers over HTTP: pages that hold items ahead, and people who abandon what they took."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import func, select

from benchmarks.review_site import account
from benchmarks.scored_queue import ACTOR
from review_app.bootstrap import Application
from review_app.permissions import Person
from review_app.review.options import ReviewOptions, change_options
from storage.enums import ItemState, Role
from storage.models import Claim, Label
from tests.web.reviewers import HttpReviewer

PEOPLE, ABANDONERS = 40, 8
AHEAD = 24
"""Items that each of the many asks for."""
EVERY = 1 / 3
"""Seconds between two answers of one person: three a second is faster than anybody looks."""
LEASE_SECONDS = 3.0


@dataclass
class Page:
    """What the page does: answers at once from what it holds, while another thread sends what was
    answered and fetches more."""

    reviewer: HttpReviewer
    waits: list[float] = field(default_factory=list)
    """Seconds from an answer until the next item was in hand."""
    takes: list[float] = field(default_factory=list)
    """Seconds that asking for more took."""
    stored: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._hand: deque[int] = deque()
        self._unsent: list[int] = []
        self._known: set[int] = set()
        self._enough = threading.Event()

    def work(self, seconds: float) -> None:
        """Answer every `EVERY` seconds, or as soon as there is something to answer."""
        self._fetch()
        line = threading.Thread(target=self._talk)
        line.start()
        end = due = time.perf_counter()
        end += seconds
        while due < end:
            time.sleep(max(0.0, due - time.perf_counter()))
            self._unsent.append(self._hand.popleft())
            clock = time.perf_counter()
            while not self._hand and time.perf_counter() < end:
                time.sleep(0.001)
            self.waits.append(time.perf_counter() - clock)
            due = max(due + EVERY, time.perf_counter())
        self._enough.set()
        line.join()

    def _talk(self) -> None:
        while self._unsent or not self._enough.is_set():
            sent = self._unsent[:]
            if sent:
                outcomes = self.reviewer.answer(sent)
                self.stored += [outcome["receipt"]["item_id"] for outcome in outcomes]
                del self._unsent[: len(sent)]
            if len(self._hand) < 0.75 * AHEAD:
                self._fetch()
            time.sleep(0.001)

    def _fetch(self) -> None:
        clock = time.perf_counter()
        held = self.reviewer.take(AHEAD + len(self._unsent))
        self.takes.append(time.perf_counter() - clock)
        fresh = [item for item in held if item not in self._known]
        self._known.update(fresh)
        self._hand.extend(fresh)


def many(app: Application, url: str, seconds: float) -> dict[str, Any]:
    """`PEOPLE` at work for so long, and what is stored of it."""
    with ExitStack() as stack:
        pages = [Page(stack.enter_context(closing(person))) for person in _people(app, url, PEOPLE)]
        clock = time.perf_counter()
        with ThreadPoolExecutor(PEOPLE) as pool:
            list(pool.map(lambda page: page.work(seconds), pages))
        took = time.perf_counter() - clock
    stored = [item for page in pages for item in page.stored]
    with app.database.read() as repos:
        handed_out = Counter(repos.session.scalars(select(Claim.item_id)))
        labels = repos.session.scalars(select(Label.item_id)).all()
    return {
        "people": PEOPLE,
        "labels": len(stored),
        "labels_per_second": len(stored) / took,
        "next_item_p95_ms": _p95_ms([wait for page in pages for wait in page.waits]),
        "take_p95_ms": _p95_ms([wait for page in pages for wait in page.takes]),
        "double_hand_outs": sum(n - 1 for n in handed_out.values()),
        "lost_or_twice": len(labels) - len(set(labels)) + len(set(stored) ^ set(labels)),
    }


def abandoned(app: Application, url: str, items: list[int]) -> dict[str, Any]:
    """`ABANDONERS` label ``items`` at overlap 2 and abandon a third of what they take."""
    admin = app.people.add("abandoned-admin", Role.ADMIN, ACTOR)
    options = ReviewOptions(lease_minutes=LEASE_SECONDS / 60)
    change_options(app.database, Person(admin.id, admin.name, admin.role), options)
    with ExitStack() as stack:
        people = [stack.enter_context(closing(one)) for one in _people(app, url, ABANDONERS)]
        with ThreadPoolExecutor(ABANDONERS) as pool:
            work = [pool.submit(one.work, i, LEASE_SECONDS) for i, one in enumerate(people)]
            answers = sum(part.result() for part in work)
    counted = select(Label.item_id, func.count()).where(Label.extra.is_(False))
    with app.database.read() as repos:
        rows = repos.session.execute(counted.group_by(Label.item_id))
        labels = {row[0]: row[1] for row in rows}
        stuck = repos.counts.by_state().get(ItemState.IN_REVIEW, 0)
    wrong = sum(labels.get(item, 0) != 2 for item in items)
    return {"items": len(items), "answers": answers, "not_two_labels": wrong, "stuck": stuck}


def _people(app: Application, url: str, n: int) -> list[HttpReviewer]:
    names = [f"reviewer-{i}" for i in range(n)]
    for name in names:
        account(app, name)
    links = [app.people.make_link(name, ACTOR) for name in names]
    return [HttpReviewer(url, app.people.redeem_link(link)) for link in links]


def _p95_ms(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 95)) * 1000
