"""Whether a reviewer can tell known images from others, or audited ones, by anything but what they
show.

Real servers; a reviewer who writes down every answer of theirs, headers, sizes and times too; and
classifiers that learn from all of it. Both groups are the same made-up pictures, parted at random.
Known images are older: they came in, and were stored, before the others.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any, Protocol

import httpx
import numpy as np
from PIL import Image
from sqlalchemy import select

from benchmarks.blinding_classifier import tell_apart
from benchmarks.blinding_features import Features, Told
from benchmarks.blinding_reviewer import Seen, Watcher, known_after, known_before
from benchmarks.review_site import serving
from benchmarks.scored_queue import ACTOR
from review_app.bootstrap import Application, open_application
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.queueing.options import QueueOptions, change_queue_options
from review_app.queueing.order import Order
from review_app.web.identity import COOKIE
from storage.enums import ItemState, LabelValue, Role
from storage.models import Claim, DecisionRow
from storage.models import Item as ItemRow
from tests.applications import Deployment

SEED = 20261
A_MONTH = 30 * 24 * 3600.0
SURPLUS = 1.3
"""Known images are there in so many times the number that is wanted: they come by chance."""
GOLD_SHARE = 0.5
SECOND_LOOK_SHARE = 0.2

Groups = dict[str, bool]
"""A map from handles to whether the item is one of those that nobody may tell."""


class Served(Protocol):
    """A server that runs."""

    @property
    def url(self) -> str: ...


Serve = Callable[[Path], AbstractContextManager[Served]]
"""Serves the application over a data directory."""


def measure(folder: Path, n: int) -> dict[str, Any]:
    """The AUROCs with their 95% intervals, of ``n`` items of each group and more.

    ``gold_before``, ``gold_after``: known images against those that wait, by what is told until the
    answer, and until it was taken back, given again and changed, the detector's opinion included.
    ``audit_before``, ``audit_after``: audited images against others; afterwards with the opinion
    kept back, for an audited image is one that the detector is sure of. ``second_before``,
    ``second_after``: images that somebody else had settled against those that wait.
    """
    seen, groups = of_gold(folder / "gold", n)
    found = {f"gold_{when}": told for when, told in judged(seen, groups).items()}
    seen, groups = of_second_looks(folder / "second", n)
    found |= {f"second_{when}": told for when, told in judged(seen, groups).items()}
    seen, groups = of_audits(folder / "audits", n)
    return found | {f"audit_{when}": told for when, told in judged(seen, groups).items()}


def numbered(folder: Path, seen: Sequence[Seen]) -> list[Seen]:
    """``seen`` as if the server named items by their numbers: each handle is replaced by one."""
    items = _items(folder)

    def name(answer: Told) -> Told:
        text = answer.text
        for handle, item_id in items.items():
            text = text.replace(handle, str(item_id)) if handle in text else text
        return replace(answer, text=text)

    return [replace(one, before=[name(answer) for answer in one.before]) for one in seen]


def timed(folder: Path, seen: Sequence[Seen]) -> list[Seen]:
    """``seen`` as if images came with the time when their files were stored."""
    items = _items(folder)
    with _deployed(folder) as place, place.app.database.read() as repos:
        images = {item.id: item.image.picture for item in repos.items.get_many([*items.values()])}
        times = {}
        for handle, item_id in items.items():
            picture = images[item_id]
            assert picture is not None
            path = place.app.media.public(picture.sha256, picture.public_type)
            times[handle] = formatdate(path.stat().st_mtime, usegmt=True)

    def date(answer: Told, handle: str) -> Told:
        if answer.what != "image":
            return answer
        return replace(answer, headers=[*answer.headers, ("last-modified", times[handle])])

    return [replace(one, before=[date(a, one.handle) for a in one.before]) for one in seen]


def _items(folder: Path) -> dict[str, int]:
    with _rows(folder) as session:
        return {row[0]: row[1] for row in session.execute(select(Claim.handle, Claim.item_id))}


def judged(
    seen: Sequence[Seen], groups: Groups, confidence: float = 0.95
) -> dict[str, dict[str, Any]]:
    """How well ``groups`` are told apart before and after the answer."""
    ways: dict[str, Callable[[Seen], Features]] = {"before": known_before, "after": known_after}
    truth = [groups[one.handle] for one in seen]
    return {
        when: asdict(tell_apart([known(one) for one in seen], truth, confidence=confidence))
        for when, known in ways.items()
    }


def of_gold(folder: Path, n: int, serve: Serve = serving) -> tuple[list[Seen], Groups]:
    """A queue of ``n`` images with as many known ones mixed in, reviewed to its end."""
    with _deployed(folder) as place:
        rng = random.Random(SEED)
        pictures = _pictures(round(n * (1 + SURPLUS)), rng)
        known, waiting = pictures[n:], pictures[:n]
        old = [known_image(place, rng) for _ in known]
        _store(place, old, known, time.time() - A_MONTH)
        _store(place, [waiting_image(place, rng) for _ in waiting], waiting, time.time())
        place.factory.review_options(gold_share=GOLD_SHARE, undo_minutes=60)
        token, admin = _session(place.app, Role.REVIEWER), _session(place.app, Role.ADMIN)
    return _reviewed(folder, serve, token, (admin, old)), _gold(folder)


def of_second_looks(folder: Path, n: int, serve: Serve = serving) -> tuple[list[Seen], Groups]:
    """A queue of ``n`` images among which others come that somebody else has settled, reviewed to
    its end."""
    with _deployed(folder) as place:
        rng = random.Random(SEED)
        pictures = _pictures(2 * n, rng)
        first = place.factory.person("first")
        old = [settled_image(place, rng, first) for _ in range(n)]
        _store(place, old, pictures[n:], time.time() - A_MONTH)
        _store(place, [waiting_image(place, rng) for _ in range(n)], pictures[:n], time.time())
        place.factory.review_options(second_look_share=SECOND_LOOK_SHARE, undo_minutes=60)
        token, admin = _session(place.app, Role.REVIEWER), _session(place.app, Role.ADMIN)
    return _reviewed(folder, serve, token, (admin, old)), _gold(folder)


def settled_image(place: Deployment, rng: random.Random, first: Person) -> int:
    """An image that one person settled alone, drawn to be shown to another."""
    value = rng.choice([LabelValue.REAL, LabelValue.FAKE])
    item = place.factory.item(ItemState.RESOLVED, verdict=value)
    place.factory.decision(item, p_fake=rng.random(), std=rng.random() / 5)
    label = place.factory.label(first, item, value)
    place.factory.second_look(item, label, SECOND_LOOK_SHARE)
    return item


def known_image(place: Deployment, rng: random.Random) -> int:
    """Settled long ago, as known labels are."""
    value = rng.choice([LabelValue.REAL, LabelValue.FAKE])
    item = place.factory.item(ItemState.RESOLVED, known=value, verdict=value)
    place.factory.decision(item, p_fake=rng.random(), std=rng.random() / 5)
    return item


def waiting_image(place: Deployment, rng: random.Random) -> int:
    """An image as triage sends it to people."""
    item = place.factory.item(rank=rng.random())
    place.factory.decision(item, p_fake=rng.random(), std=rng.random() / 5)
    return item


def of_audits(folder: Path, n: int, serve: Serve = serving) -> tuple[list[Seen], Groups]:
    """A queue under a certified policy, by risk: half of it sure images that are audited."""
    with _deployed(folder) as place:
        rng = random.Random(SEED)
        admin = place.factory.admin()
        place.calibrated()
        place.certify(admin, audit_probability=0.5)
        change_queue_options(place.app.database, admin, QueueOptions(order=Order.RISK))
        for i in range(3 * n):
            if i % 3:
                place.scored(float(rng.random() < 0.5))  # half of these are audited
            else:
                place.scored(rng.uniform(0.2, 0.8), score=0.5)
        place.app.triage.run(ACTOR)
        with place.app.database.read() as repos:
            waits = select(ItemRow.id).where(ItemRow.state == ItemState.IN_REVIEW)
            items = list(repos.session.scalars(waits))
        _store(place, items, _pictures(len(items), rng), time.time())
        place.factory.review_options(reveal="never", undo_minutes=60)
        token = _session(place.app, Role.REVIEWER)
    return _reviewed(folder, serve, token), _audited(folder)


def _reviewed(
    folder: Path, serve: Serve, token: str, looked_at: tuple[str, Sequence[int]] | None = None
) -> list[Seen]:
    """The items that are reviewed; ``looked_at``: by whom, and what, before; known images have been
    seen by others."""
    rng = random.Random(SEED)
    with (
        serve(folder) as server,
        closing(Watcher(server.url, token, lambda: rng.choice(["real", "fake"]))) as reviewer,
    ):
        if looked_at is not None:
            _look(server.url, *looked_at)
        return reviewer.work(10**6)


def _look(url: str, token: str, items: Sequence[int]) -> None:
    with httpx.Client(base_url=url, cookies={COOKIE: token}, timeout=60) as client:
        for item_id in items:
            for what in ("", "/small", "/view/noise"):
                address = f"/api/v1/admin/images/{item_id}{what}"
                client.get(address).raise_for_status()


@contextmanager
def _deployed(folder: Path) -> Iterator[Deployment]:
    app = open_application(Settings(data_dir=folder))
    try:
        yield Deployment(app)
    finally:
        app.close()


@contextmanager
def _rows(folder: Path) -> Iterator[Any]:
    with _deployed(folder) as place, place.app.database.read() as repos:
        yield repos.session


def _gold(folder: Path) -> Groups:
    with _rows(folder) as session:
        return {row[0]: row[1] for row in session.execute(select(Claim.handle, Claim.gold))}


def _audited(folder: Path) -> Groups:
    with _rows(folder) as session:
        query = select(Claim.handle, DecisionRow.audited).join(
            DecisionRow, DecisionRow.item_id == Claim.item_id
        )
        return {row[0]: row[1] for row in session.execute(query.order_by(DecisionRow.id))}


def _session(app: Application, role: Role) -> str:
    name = f"watching-{role}"
    app.people.add(name, role, ACTOR)
    return app.people.redeem_link(app.people.make_link(name, ACTOR))


def _pictures(n: int, rng: random.Random) -> list[bytes]:
    """The pictures in random order, so that whoever gets the first of them gets no other ones."""
    made = [_picture(seed) for seed in range(n)]
    rng.shuffle(made)
    return made


def _picture(seed: int) -> bytes:
    rng = np.random.default_rng([SEED, seed])
    width, height = rng.integers(120, 240, 2).tolist()
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    out = io.BytesIO()
    coarse.resize((width, height), Image.Resampling.BICUBIC).save(out, "JPEG", quality=85)
    return out.getvalue()


def _store(place: Deployment, items: Sequence[int], files: Sequence[bytes], at: float) -> None:
    """The files of the items' images, as of the time ``at``."""
    with place.app.database.write() as repos:
        for item_id, data in zip(items, files, strict=True):
            item = repos.items.get(item_id)
            assert item is not None
            with Image.open(io.BytesIO(data)) as opened:
                item.image.width, item.image.height = opened.size
            item.image.sha256 = hashlib.sha256(data).hexdigest()
            item.image.format, item.image.public_type = "JPEG", "image/jpeg"
            place.app.media.add(item.image.sha256, data, data, "image/jpeg")
            for path in (
                place.app.media.original(item.image.sha256),
                place.app.media.public(item.image.sha256, "image/jpeg"),
            ):
                os.utime(path, (at, at))
