"""Accepted images go back to people while somebody reviews: how long that takes, and how long the
reviewer waits meanwhile.

A part of `benchmarks.admin`, over one of its deployments, which an undo leaves as it was. A server
runs on it, whose process does the job as it would anywhere; this process is the reviewer, who
renews what they hold, which is a write. Baseline, in the same run: the same change by one
transaction and one event an image, measured on some and multiplied.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.outcome import Row
from benchmarks.review_site import serving
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from review_app.bulk.order import BulkOrder, ImageSelection
from review_app.core.permissions import Person
from storage.enums import AuditKind, BulkKind, ItemState, PlacedBy, Role
from storage.repositories.items import Move

SOURCE: Final = "partner"
"""The source whose accepted images go to people: of a million images, more than 100,000."""
ONE_BY_ONE: Final = 200
QUIET: Final = 50
_PATIENCE_S: Final = 600.0
_PAUSE: Final = 0.05


def requeue(folder: Path) -> Row:
    """Figures of sending all accepted images of one source to people."""
    with opened(folder) as app, serving(folder):
        account = next(one for one in app.people.all() if one.role is Role.ADMIN)
        admin = Person(account.id, account.name, account.role)
        before = _waits(app, admin, _so_many(QUIET))
        chosen = {"state": ItemState.AUTO_ACCEPTED.value, "source": SOURCE}
        order = BulkOrder(BulkKind.REQUEUE, ImageSelection(filters=chosen))
        clock = time.perf_counter()
        preview = app.bulk.preview(admin, order)
        previewed = time.perf_counter() - clock
        action = app.bulk.ask(admin, order)
        meanwhile = _waits(app, admin, lambda: not _is_done(app, admin))
        seconds = time.perf_counter() - clock
        (standing, *_) = app.bulk.newest(admin, 1)
        app.bulk.run(app.bulk.undo(admin, action.id, in_background=False).id, _quiet)
        per_image = _one_by_one(app)
    images = standing.action.touched
    assert images == preview.images if preview.is_all else images >= preview.images
    return {
        "images": images,
        "preview_seconds": round(previewed, 2),
        "seconds": round(seconds, 2),
        "per_100000_seconds": round(seconds / images * 100_000, 2),
        "one_by_one_per_100000_seconds": round(per_image * 100_000, 1),
        "write_ms": {"before": before, "meanwhile": meanwhile},
    }


def _waits(app: Application, person: Person, goes_on: Callable[[], bool]) -> Row:
    """How long writes of a reviewer take, one after another with pauses."""
    took = []
    until = time.monotonic() + _PATIENCE_S
    while goes_on() and time.monotonic() < until:
        clock = time.perf_counter()
        app.review.heartbeat(person)
        took.append((time.perf_counter() - clock) * 1000)
        time.sleep(_PAUSE)
    figures = {"median": np.median(took), "p95": np.percentile(took, 95), "most": max(took)}
    return {name: round(float(ms), 1) for name, ms in figures.items()}


def _so_many(n: int) -> Callable[[], bool]:
    left = iter(range(n))
    return lambda: next(left, None) is not None


def _is_done(app: Application, person: Person) -> bool:
    (newest, *_) = app.bulk.newest(person, 1)
    return newest.action.ended_at is not None


def _one_by_one(app: Application) -> float:
    """Seconds an image takes in a transaction of its own; those that are moved so go back."""
    with app.database.read() as repos:
        ids = [item.id for item in repos.items.in_state(ItemState.AUTO_ACCEPTED, ONE_BY_ONE)]
    clock = time.perf_counter()
    for item_id in ids:
        values = {"placed_by": PlacedBy.HAND, "rank": -5.0}
        move = Move(item_id, ItemState.IN_REVIEW, AuditKind.BULK_CHANGED, {}, values)
        with app.database.write() as repos:
            repos.items.move("benchmark", [move])
    took = time.perf_counter() - clock
    with app.database.write() as repos:
        state, kind = ItemState.AUTO_ACCEPTED, AuditKind.BULK_CHANGED
        repos.items.move("benchmark", [Move(item_id, state, kind) for item_id in ids])
    return took / len(ids)


def _quiet(_done: int, _total: int | None) -> None:
    pass
