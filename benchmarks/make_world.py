"""A deployment as it is after months: a million images, what detectors and people said of them.

``python -m benchmarks.make_world FOLDER [--items N] [--labels N] [--days D] [--unsealed]``; then
``REVIEW_DATA_DIR=FOLDER deepfake-review serve``. It has an account ``admin`` without a password:
``deepfake-review user link admin``.

What differs from item to item is drawn once, into a temporary table, and statements over the whole
of it make all rows (`benchmarks.made_rows`), past the program. One event seals them at the end, as
an upgrade does: ``deepfake-review db check`` finds nothing. The newest images have pictures, and
features for maps.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.made_rows import AFTER_THE_POLICY, BEFORE_THE_POLICY, DRAWN
from benchmarks.review_site import DISTINCT, picture
from benchmarks.scored_queue import ACTOR, insert, opened
from review_app.bootstrap import Application
from review_app.core.permissions import Person
from storage.enums import AuditKind, Role
from storage.repositories.event_log import SYSTEM, AuditLog, Event
from storage.seals.beginning import everything
from storage.seals.keyring import fingerprint
from storage.seals.sealing import driver_of, sealing_of
from storage.types import utc_now

SEED: Final = 20261130
PEOPLE: Final = 12
SOURCES: Final = {
    "camera-app": 0.05,
    "forum": 0.2,
    "helpline": 0.02,
    "newsroom": 0.08,
    "partner": 0.15,
    "social": 0.4,
    "upload": 0.1,
}
"""Where images come from, with shares."""
PICTURES, FEATURES = 500, 5000
"""How many of the newest images have a picture, and how many have features."""
KNOWN: Final = 4000
"""Most images whose label was known: enough to certify both sides."""
LEARNING: Final = 0.02
"""The share of items that came before the policy was certified."""
ACCEPTED, AUDITED, ESCALATED, FAILED, PENDING = 0.75, 0.05, 0.002, 0.001, 0.001
SECOND: Final = 37
"""One labelled item in so many has another answer, which came late."""
KINDS, WIDE = 6, 3.0
"""Sorts of images, and how far apart their features lie, in standard deviations."""
_DAY = 86400.0


@dataclass(frozen=True)
class Size:
    """How much of everything there is to be."""

    items: int = 1_000_000
    labels: int = 200_000
    days: float = 90


def make(app: Application, size: Size, seal: bool = True) -> None:
    """Fill the new deployment of ``app``."""
    app.policies.current()
    people = [app.people.add(f"person-{i}", Role.REVIEWER, ACTOR).id for i in range(PEOPLE)]
    account = app.people.add("admin", Role.ADMIN, ACTOR)
    values: dict[str, Any] = {
        "checkpoint": app.policies.current().checkpoint,
        "learning": round(LEARNING * size.items),
        **_heads(app),
    }
    connection = app.database.engine.raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    key, *others = DRAWN
    driver.execute(f"CREATE TEMP TABLE drawn ({key} INTEGER PRIMARY KEY, {', '.join(others)})")
    marks = ", ".join("?" * len(DRAWN))
    driver.executemany(f"INSERT INTO drawn VALUES ({marks})", _drawn(size, people))
    _run(driver, BEFORE_THE_POLICY, values)
    _pictures(app, size.items)
    _features(app, size.items)
    app.policies.certify(Person(account.id, account.name, account.role), 0.1, 0.1, AUDITED)
    _run(driver, AFTER_THE_POLICY, {**values, "version": app.policies.current().version})
    driver.execute("DROP TABLE drawn")
    driver.execute("ANALYZE")
    connection.close()
    if seal:
        _seal(app)


def _run(driver: Any, statements: tuple[str, ...], values: dict[str, Any]) -> None:
    driver.execute("BEGIN IMMEDIATE")
    for statement in statements:
        driver.execute(statement, values)
    driver.execute("COMMIT")
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _heads(app: Application) -> dict[str, str]:
    """The head in force, and two more."""
    own = app.policies.current().head
    others = sorted(head for head in app.inspector.heads() if head != own)
    return {f"head_{i}": head for i, head in enumerate((own, *others[:2]), start=1)}


def _sha256(i: int) -> str:
    return hashlib.sha256(b"image %d" % i).hexdigest()


def _drawn(size: Size, people: list[int]) -> Iterator[tuple[Any, ...]]:
    """A row of `DRAWN` for each item."""
    rng = np.random.default_rng(SEED)
    n = size.items
    p = rng.beta(0.25, 0.25, n)
    sure = np.abs(p - 0.5)
    after = np.arange(n) >= round(LEARNING * n)
    audited = after & (sure > np.quantile(sure, 1 - ACCEPTED)) & (rng.random(n) < AUDITED)
    accepted = after & (sure > np.quantile(sure, 1 - ACCEPTED)) & ~audited
    created = _arrivals(n, size.days)
    labelled = _answers(created, ~accepted, size, rng)
    state = np.where(accepted, "auto_accepted", "in_review").astype(object)
    state[np.isfinite(labelled)] = "resolved"
    waits = state == "in_review"
    state[waits & (rng.random(n) < ESCALATED / (1 - ACCEPTED))] = "escalated"
    state[waits & (rng.random(n) < FAILED / (1 - ACCEPTED))] = "failed"
    state[n - round(PENDING * n) :] = "pending"
    labelled[state == "pending"] = np.nan
    is_labelled = np.isfinite(labelled)
    audited &= ~np.isin(state, ("pending", "failed"))
    verdict = np.where(p > 0.5, "fake", "real").astype(object)
    verdict[rng.random(n) < 0.03] = "undecidable"
    verdict[~is_labelled] = None
    known = is_labelled & (rng.random(n) < KNOWN / max(int(is_labelled.sum()), 1))
    person, second_person = (rng.choice(people, n).astype(object) for _ in range(2))
    second_person[~is_labelled | (np.arange(n) % SECOND > 0) | (second_person == person)] = None
    person[~is_labelled] = None
    source = rng.choice(list(SOURCES), n, p=list(SOURCES.values()))
    start = utc_now() - timedelta(days=size.days)
    columns = (
        np.arange(1, n + 1),
        np.array([_sha256(i) for i in range(1, n + 1)], object),
        p,
        0.01 + 0.25 * np.sqrt(p * (1 - p)) * rng.random(n),
        rng.normal(size=n),
        source,
        state,
        verdict,
        audited.astype(int),
        known.astype(int),
        _times(start, created),
        _times(start, labelled),
        np.round(rng.lognormal(1.5, 0.6, n), 2),
        person,
        second_person,
    )
    return zip(*(column.tolist() for column in columns), strict=True)


def _arrivals(n: int, days: float) -> NDArray[np.float64]:
    """When each item came, in seconds from the first: more by day than by night."""
    even = (np.arange(n) + 0.5) / n * days
    return _DAY * (even + 0.5 / (2 * np.pi) * np.sin(2 * np.pi * even)) * (1 - 1e-4)


def _answers(
    created: NDArray[np.float64], asked: NDArray[np.bool_], size: Size, rng: np.random.Generator
) -> NDArray[np.float64]:
    """When each item was answered, in seconds; NaN for those that wait. People answer at an even
    pace: mostly what came first, now and then what has only come."""
    found = np.full(len(created), np.nan)
    (ids,) = np.nonzero(asked)
    n = min(round(size.labels / (1 + 1 / SECOND)), len(ids))
    early = ids[: min(round(1.02 * n), len(ids))]
    chosen = np.sort(rng.choice(early, n, replace=False))
    even = (np.arange(n) + 0.5) / n * size.days * _DAY
    found[chosen] = np.minimum(np.maximum(even, created[chosen] + 120), size.days * _DAY - 1)
    return found


def _times(start: Any, seconds: NDArray[np.float64]) -> NDArray[np.object_]:
    """Times as the database has them; None for NaN."""
    there = np.isfinite(seconds)
    first = np.datetime64(start.replace(tzinfo=None), "us")
    at = first + np.where(there, seconds * 1e6, 0).astype("timedelta64[us]")
    words = np.char.replace(np.datetime_as_string(at), "T", " ").astype(object)
    words[~there] = None
    return words


def _pictures(app: Application, items: int) -> None:
    """Files of the newest images; only `DISTINCT` differ."""
    drawn = [picture(seed) for seed in range(DISTINCT)]
    for n, i in enumerate(range(max(items - PICTURES, 0) + 1, items + 1)):
        place = app.media.public(_sha256(i), "image/jpeg")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(drawn[n % DISTINCT])


def _features(app: Application, items: int) -> None:
    """Features of the newest images: clusters in a space that is much narrower than they are."""
    card = app.detectors.card(app.policies.current().checkpoint)
    width, key = card.backbone.width, card.backbone_key
    rng = np.random.default_rng(SEED + 1)
    ids = range(max(items - FEATURES, 0) + 1, items + 1)
    centres = WIDE * rng.normal(size=(KINDS, 24))
    inner = centres[rng.integers(KINDS, size=len(ids))] + rng.normal(size=(len(ids), 24))
    vectors = (inner @ rng.normal(size=(24, width)) / 24).astype("<f2")
    rows = ((_sha256(i), key, v.tobytes()) for i, v in zip(ids, vectors, strict=True))
    insert(app, "feature", "sha256 backbone_key vector", rows)


def _seal(app: Application) -> None:
    with app.database.write() as repos:
        driver = driver_of(repos.session)
        (events,) = driver.execute("SELECT max(id) FROM audit_event").fetchone()
        details = {"key": fingerprint(app.database.keys.in_use(driver)), "events": events}
        sealing_of(repos.session).include(everything(driver))
        AuditLog(repos.session).add(Event(AuditKind.SEALING_BEGAN, SYSTEM, details=details))


def main() -> int:
    """Make one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--items", type=int, default=Size.items)
    parser.add_argument("--labels", type=int, help="a fifth of the items, where not given")
    parser.add_argument("--days", type=float, default=Size.days)
    parser.add_argument("--unsealed", action="store_true", help="faster; `db check` tells of it")
    options = parser.parse_args()
    labels = options.items // 5 if options.labels is None else options.labels
    clock = time.perf_counter()
    with opened(options.folder) as app:
        make(app, Size(options.items, labels, options.days), seal=not options.unsealed)
    print(f"{options.items:,} items in {time.perf_counter() - clock:.0f} s: {options.folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
