"""A deployment whose queue holds made-up images with stored scores: no pictures, real tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from review_app.bootstrap import Application, open_application
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from storage.enums import ItemState, LabelValue, Role
from storage.types import utc_now

SEED = 20260401
SEPARATION = 1.5
"""Real and fake images' evidence: two unit Gaussians this far from 0 on either side."""
GOLD = 4000
"""Images whose label is known, enough to certify both sides."""
NEAR = 20
"""One image in so many looks like the one before it."""
ACTOR = "benchmark"
Row = tuple[Any, ...]


@contextmanager
def opened(folder: Path) -> Iterator[Application]:
    """The application over ``folder``."""
    app = open_application(Settings(data_dir=folder))
    try:
        yield app
    finally:
        app.close()


def fakes(n: int) -> NDArray[np.bool_]:
    """The truth of each of ``n`` items, whose ids count from 1."""
    return np.random.default_rng(SEED).random(n) < 0.5


def fill(app: Application, n: int) -> None:
    """Put ``n`` pending items into the queue, scored by all heads of the shipped checkpoint."""
    checkpoint, own = app.policies.current().checkpoint, app.policies.current().head
    heads = sorted(app.inspector.heads())
    rng, fake = np.random.default_rng(SEED + 1), fakes(n)
    evidence = rng.normal(np.where(fake, SEPARATION, -SEPARATION))
    says = {
        head: expit(2 * SEPARATION * (evidence + (head != own) * rng.normal(0, 0.4, n)))
        for head in heads
    }
    novelty = rng.normal(size=n)
    at = utc_now().strftime("%Y-%m-%d %H:%M:%S.%f")
    ids = range(1, n + 1)
    near = (i - 1 if i % NEAR == 0 else None for i in ids)
    hashes = (hashlib.sha256(b"image %d" % i).hexdigest() for i in ids)
    known_by = zip(ids, hashes, near, strict=True)
    images = ((i, sha, 320, 240, "PNG", i, other, at) for i, sha, other in known_by)
    pending = ItemState.PENDING.value
    items = ((i, i, pending, at, f"batch/{i:07}.png", 0.0, 1, 1, at) for i in ids)
    scores = (
        (i, checkpoint, head, float(says[head][i - 1]), 0.05, 0.3, 0.02, float(says[head][i - 1]),
         float(novelty[i - 1]), at)
        for i in ids
        for head in heads
    )  # fmt: skip
    values = (LabelValue.REAL.value, LabelValue.FAKE.value)
    gold = np.sort(rng.choice(n, min(GOLD, n // 10), replace=False))
    known = ((int(i) + 1, values[int(fake[i])], "benchmark", at) for i in gold)
    insert(app, "image", "id sha256 width height format phash near_id created_at", images)
    columns = "id image_id state state_since name rank needed_labels open_slots created_at"
    insert(app, "item", columns, items)
    columns = "p_fake std entropy mutual_information score novelty created_at"
    insert(app, "prediction", f"image_id checkpoint_id head {columns}", scores)
    insert(app, "known_label", "item_id value provenance created_at", known)


def certify(app: Application) -> None:
    """Certify on the known labels: at most 10% wrong, at 90% confidence; 5% are audited."""
    account = app.people.add("admin", Role.ADMIN, ACTOR)
    admin = Person(account.id, account.name, account.role)
    policy = app.policies.certify(admin, 0.1, 0.1, audit_probability=0.05)
    assert len(policy.certificates) == 2, "one side only was certified"


def reviewer(app: Application, name: str) -> Person:
    """A new reviewer."""
    account = app.people.add(name, Role.REVIEWER, ACTOR)
    return Person(account.id, account.name, account.role)


def insert(app: Application, table: str, columns: str, rows: Iterable[Row]) -> None:
    """Past every layer but the driver: only what follows is measured."""
    names = columns.split()
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
    connection = app.database.engine.raw_connection()
    driver = connection.driver_connection
    assert driver is not None
    driver.execute("BEGIN IMMEDIATE")
    driver.executemany(statement, rows)
    driver.execute("COMMIT")
    driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor what it left behind
    connection.close()
