"""The server is killed again and again under people at work: what they were told is stored must be
there, once.

Part of ``python -m benchmarks.trust``.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select

from benchmarks.review_site import account, fill
from benchmarks.scored_queue import ACTOR, opened
from benchmarks.trust_clients import Client
from benchmarks.trust_launcher import Launcher, launcher
from review_app.bootstrap import Application
from review_app.durability import integrity
from storage.enums import ClaimOutcome, ItemState
from storage.models import Claim, Item, Label

PEOPLE = 8
ITEMS_PER_KILL = 100
WORKS = (0.1, 1.0)
"""Seconds between the server's first answer and its end: any moment of these."""
SEED = 20261129


def measure(folder: Path, kills: int) -> dict[str, Any]:
    """What became of everything that `PEOPLE` did while the server was killed ``kills`` times;
    ``folder`` must be empty."""
    with opened(folder) as app:
        fill(app, ITEMS_PER_KILL * kills + 1000, needed_labels=1, files=False)
        tokens = _signed_in(app)
        filled = _broken(app)
    started = time.perf_counter()
    with launcher(folder) as servers:
        clients, lost = _work(servers, tokens, folder, kills)
    with opened(folder) as app:
        found = _compare(app, clients)
        found["broken"] = sorted(_broken(app) - filled)
    found["lost"] = max(found["lost"], len(lost))
    return {
        "kills": kills,
        "people": PEOPLE,
        **found,
        "calls_cut": sum(client.record.cut for client in clients),
        "refused": dict(Counter(code for client in clients for code in client.record.refused)),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _signed_in(app: Application) -> list[str]:
    """Tokens of new reviewers."""
    names = [f"reviewer-{i}" for i in range(PEOPLE)]
    for name in names:
        account(app, name)
    return [app.people.redeem_link(app.people.make_link(name, ACTOR)) for name in names]


def _broken(app: Application) -> set[str]:
    """What `db check` finds; at first, that the queue was filled past the program."""
    return {finding.text for finding in integrity.check(app.database).findings}


def _work(
    servers: Launcher, tokens: list[str], folder: Path, kills: int
) -> tuple[list[Client], set[str]]:
    """The people after their work, and what was missing after any of the kills."""
    rng, halt = random.Random(SEED), threading.Event()
    lost: set[str] = set()
    servers.start()
    clients = [Client(servers.url, token, SEED + i, halt) for i, token in enumerate(tokens)]
    for client in clients:
        client.start()
    with ExitStack() as ending:
        ending.callback(halt.set)
        for _ in range(kills):
            time.sleep(rng.uniform(*WORKS))
            servers.kill()
            told = [dict(client.record.acknowledged) for client in clients]
            servers.start()
            lost |= _told(told) - _stored(folder)
        time.sleep(WORKS[1])
    for client in clients:
        client.join(60)
        if client.failure is not None:
            raise client.failure
    return clients, lost


def _told(records: list[dict[str, str]]) -> set[str]:
    """What was acknowledged and is a row of its own: answers and undos."""
    return {known for record in records for known, kind in record.items() if kind != "skip"}


def _stored(folder: Path) -> set[str]:
    """The rows' client ids, as another process sees them."""
    place = f"file:{folder / 'review.db'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as database:
        return {row[0] for row in database.execute("SELECT client_id FROM label")}


def _compare(app: Application, clients: list[Client]) -> dict[str, Any]:
    """What was acknowledged beside what is stored."""
    records = [client.record for client in clients]
    acknowledged = _told([record.acknowledged for record in records])
    sent = _told([record.sent for record in records])
    skips = sum(list(record.acknowledged.values()).count("skip") for record in records)
    skips_sent = sum(list(record.sent.values()).count("skip") for record in records)
    with app.database.read() as repos:
        rows = repos.session.scalars(select(Label.client_id)).all()
        skipped = repos.session.scalar(_skipped())
        twice = len(repos.session.execute(_counted_twice()).all())
        torn = repos.session.scalar(_torn())
    assert skipped is not None
    return {
        "acknowledged": len(acknowledged) + skips,
        "stored": len(rows) + skipped,
        "lost": len(acknowledged - set(rows)) + max(0, skips - skipped),
        "doubled": len(rows) - len(set(rows)) + twice + max(0, skipped - skips_sent),
        "never_sent": len(set(rows) - sent),
        "torn": torn,
    }


def _in_force() -> Select[Any]:
    """Ids of labels that count."""
    later = select(Label.supersedes_id).where(Label.supersedes_id.is_not(None))
    return select(Label.id).where(
        Label.value.is_not(None), Label.extra.is_(False), Label.id.not_in(later)
    )


def _counted_twice() -> Select[Any]:
    """Items that have more answers than were wanted: one."""
    counted = select(Label.item_id).where(Label.id.in_(_in_force()))
    return counted.group_by(Label.item_id).having(func.count() > 1)


def _torn() -> Select[Any]:
    """How many items are in a state that their answers do not tell."""
    answered = select(Label.item_id).where(Label.id.in_(_in_force()))
    resolved = Item.state == ItemState.RESOLVED
    return select(func.count()).where(resolved != Item.id.in_(answered))


def _skipped() -> Select[Any]:
    return select(func.count()).where(Claim.outcome == ClaimOutcome.SKIPPED)
