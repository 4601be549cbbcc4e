"""Many reviewers over HTTP: pages that hold items ahead, and people who abandon what they took."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import func, select

from benchmarks.review_clients import Told, Work
from benchmarks.review_site import account, serving_bare
from benchmarks.scored_queue import ACTOR
from review_app.bootstrap import Application
from review_app.core.permissions import Person
from review_app.policy.review_options import ReviewOptions, change_options
from review_app.web.identity import COOKIE
from storage.enums import ItemState, Role
from storage.models import Claim, Label
from tests.web.reviewers import HttpReviewer

PEOPLE, ABANDONERS = 40, 8
EVERY = 1 / 3
"""Seconds between two answers of one person: three a second is faster than anybody looks."""
LEASE_SECONDS = 3.0
SETTLE_SECONDS = 8.0
"""The server reads its detector when it starts."""


def many(app: Application, url: str, seconds: float) -> dict[str, Any]:
    """`PEOPLE` at work, none of whom gives anything back: one item at a time without a pause, as
    the page does without a pause, and as the page does at `EVERY`. The last for so many
    ``seconds``, the others for a third of that."""
    time.sleep(SETTLE_SECONDS)
    cookies = [f"{COOKIE}={token}" for token in _sessions(app, PEOPLE)]
    port = urlsplit(url).port
    assert port is not None
    told = {
        "one_at_a_time": at_work(Work(port, cookies, seconds / 3, ahead=False, every=0)),
        "page_without_pause": at_work(Work(port, cookies, seconds / 3, ahead=True, every=0)),
        "page": at_work(Work(port, cookies, seconds, ahead=True, every=EVERY)),
    }
    with app.database.read() as repos:
        handed_out = Counter(repos.session.scalars(select(Claim.item_id)))
        rows = repos.session.execute(select(Claim.handle, Claim.item_id))
        known = {row[0]: row[1] for row in rows}
        labels = repos.session.scalars(select(Label.item_id)).all()
    stored = [known[handle] for one in told.values() for handle in one.stored]
    return {
        "people": PEOPLE,
        **{name: _figures(one) for name, one in told.items()},
        "double_hand_outs": sum(n - 1 for n in handed_out.values()),
        "lost_or_twice": len(labels) - len(set(labels)) + len(set(stored) ^ set(labels)),
    }


def bare(folder: Path, items: int, seconds: float) -> dict[str, Any]:
    """`PEOPLE` at two bare handlers, one item and one answer a call, without a pause."""
    with serving_bare(folder, items) as server:
        work = Work(server.port, [f"{COOKIE}=nobody"] * PEOPLE, seconds, ahead=False, every=0)
        return _figures(at_work(work))


def at_work(work: Work) -> Told:
    """What reviewers in a process of their own tell."""
    command = [sys.executable, "-m", "benchmarks.review_clients"]
    done = subprocess.run(command, input=json.dumps(asdict(work)), stdout=-1, text=True, check=True)
    return Told(**json.loads(done.stdout))


def _figures(told: Told) -> dict[str, Any]:
    return {
        "labels": len(told.stored),
        "labels_per_second": len(told.stored) / told.took,
        "next_item_p95_ms": _p95_ms(told.waits),
        "take_p95_ms": _p95_ms(told.takes),
        "answer_p95_ms": _p95_ms(told.answers),
        "share_of_a_core_for_the_reviewers": told.processor_seconds / told.took,
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
        stuck = repos.tallies.by_state().get(ItemState.IN_REVIEW, 0)
    wrong = sum(labels.get(item, 0) != 2 for item in items)
    return {"items": len(items), "answers": answers, "not_two_labels": wrong, "stuck": stuck}


def _people(app: Application, url: str, n: int) -> list[HttpReviewer]:
    return [HttpReviewer(url, token) for token in _sessions(app, n)]


def _sessions(app: Application, n: int) -> list[str]:
    """Tokens of new reviewers who are signed in."""
    names = [f"reviewer-{i}" for i in range(n)]
    for name in names:
        account(app, name)
    return [app.people.redeem_link(app.people.make_link(name, ACTOR)) for name in names]


def _p95_ms(seconds: list[float]) -> float:
    return float(np.percentile(seconds, 95)) * 1000
