"""A world to export: items with decisions and predictions, of which people have labelled some.

Rows go past every layer but the driver: what is measured begins after them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Final

import numpy as np

from benchmarks.scored_queue import Row, insert
from review_app.bootstrap import Application
from storage.enums import Role

SEED: Final = 20261130
PEOPLE: Final = 12
_AT: Final = "2026-11-01 08:30:00.123456"
_TOLD_BY: Final = 20
"""One image in so many has metadata of its own."""
_DISPUTED, _COMMENTED, _MARKED, _KNOWN, _CORRECTED = 37, 5, 11, 50, 997
"""One labelled item in so many has two answers, a comment, marks, a known label, a correction."""


def fill(app: Application, items: int, labels: int) -> None:
    """``items`` decided items, ids from 1, and ``labels`` final answers, spread evenly."""
    people = [app.people.add(f"person-{i}", Role.REVIEWER, "benchmark").id for i in range(PEOPLE)]
    checkpoint, head = app.policies.current().checkpoint, app.policies.current().head
    version = app.policies.current().version
    p = np.random.default_rng(SEED).beta(0.5, 0.5, items).tolist()
    step = items // labels
    insert(
        app,
        "image",
        "id sha256 n_bytes width height format public_type phash file_metadata created_at",
        _images(items),
    )
    insert(
        app,
        "item",
        "id image_id state state_since name source rank needed_labels open_slots verdict "
        "created_at",
        _items(p, step),
    )
    scores = "p_fake std entropy mutual_information score novelty"
    insert(
        app,
        "prediction",
        f"image_id checkpoint_id head {scores} created_at",
        ((i, checkpoint, head, *_scores(i, q), _AT) for i, q in enumerate(p, 1)),
    )
    insert(
        app,
        "decision",
        "item_id policy_version checkpoint_id head route reasons audited audit_probability "
        f"inclusion_probability {scores} decided_at",
        _decisions(p, step, (version, checkpoint, head)),
    )
    insert(
        app,
        "label",
        "client_id item_id user_id value comment blind revealed adjudicates extra seconds "
        "labelled_at tags regions",
        _labels(p, step, people),
    )
    known = ((i, _value(p[i - 1]), "benchmark", _AT) for i in range(step, items + 1, _KNOWN * step))
    insert(app, "known_label", "item_id value provenance created_at", known)
    corrected = range(step, items + 1, _CORRECTED * step)
    rows = ((i, people[0], "real", "fake", "=the raw file came", _AT) for i in corrected)
    insert(app, "correction", "item_id user_id value was reason created_at", rows)


def _images(items: int) -> Iterator[Row]:
    said = json.dumps({"exif": {"Make": "Canon", "Model": "EOS R5", "Software": "GIMP 2.10"}})
    for i in range(1, items + 1):
        sha = hashlib.sha256(b"image %d" % i).hexdigest()
        own = said.replace("R5", f"R{i}") if i % _TOLD_BY == 0 else "{}"
        yield (i, sha, 48_000 + i, 320, 240, "JPEG", "image/jpeg", i, own, _AT)


def _items(p: list[float], step: int) -> Iterator[Row]:
    for i, q in enumerate(p, 1):
        said = i % step == 0
        state, verdict = ("resolved", _value(q)) if said else ("in_review", None)
        name = f"archive/{i % 100:02}/photo {i:07}.jpg"
        yield (i, i, state, _AT, name, f"source-{i % 7}", float(i), 1, 1, verdict, _AT)


def _decisions(p: list[float], step: int, by: tuple[int, str, str]) -> Iterator[Row]:
    for i, q in enumerate(p, 1):
        route = "review" if i % step == 0 else ("accept_fake" if q > 0.5 else "accept_real")
        yield (i, *by, route, "[]", i % 40 == 0, 0.05, 0.05 + 0.95 * (i % 3 == 0), *_scores(i, q),
               _AT)  # fmt: skip


def _scores(i: int, q: float) -> tuple[float, ...]:
    return (q, 0.01 + (i % 97) / 1000, 0.3 * q, 0.02 * q, q, (i % 500) / 100 - 2)


def _labels(p: list[float], step: int, people: list[int]) -> Iterator[Row]:
    mark = json.dumps([{"shape": "rectangle", "points": [[0.25, 0.25], [0.5, 0.625]]}])
    for n, i in enumerate(range(step, len(p) + 1, step)):
        comment = f"odd ears, {n} of them" if n % _COMMENTED == 0 else ""
        marked = ('["face swap"]', mark) if n % _MARKED == 0 else (None, None)
        who, said = people[n % PEOPLE], _value(p[i - 1])
        yield (f"a-{n}", i, who, said, comment, 1, 0, 0, 0, 4.2, _AT, *marked)
        if n % _DISPUTED == 0:
            other, against = people[(n + 1) % PEOPLE], "unsure"
            yield (f"b-{n}", i, other, against, "-", 1, 0, 0, 0, 2.5, _AT, None, None)


def _value(q: float) -> str:
    return "fake" if q > 0.5 else "real"
