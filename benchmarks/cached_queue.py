"""A queue of made-up images whose projections are stored, as after a triage by another detector of
the same body; and the obvious way to score them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from benchmarks import one_by_one
from benchmarks.scored_queue import insert
from review_app.bootstrap import Application
from review_app.core.secret import deployment_secret
from review_app.inference.backbones.base import Features
from review_app.inference.heads import HeadPrediction
from storage.enums import ItemState
from storage.types import utc_now

SEED = 20260403
DISTINCT = 256
"""Features that are drawn; images share them in turn, which no head can tell."""


def fill_cached(app: Application, n: int) -> None:
    """Put ``n`` pending items into the queue; the shipped checkpoint has scored none of them."""
    at = utc_now().strftime("%Y-%m-%d %H:%M:%S.%f")
    ids = range(1, n + 1)
    hashes = [hashlib.sha256(b"cached %d" % i).hexdigest() for i in ids]
    pictures = (
        (i, sha, 320, 240, "PNG", "image/png", i, at) for i, sha in zip(ids, hashes, strict=True)
    )
    columns = "id sha256 width height format public_type phash created_at"
    insert(app, "image", columns, pictures)
    pending = ItemState.PENDING.value
    items = ((i, i, pending, at, f"batch/{i:07}.png", 0.0, 1, 1, at) for i in ids)
    columns = "id image_id state state_since name rank needed_labels open_slots created_at"
    insert(app, "item", columns, items)
    detector = app.detectors.detector(app.policies.current().checkpoint)
    features, key = drawn_features(app), detector.stored.projection_key()
    parts = (features[start : start + 64] for start in range(0, DISTINCT, 64))
    packed = [row for part in parts for row in detector.checkpoint.project(part).packed()]
    rows = ((sha, key, packed[i % DISTINCT]) for i, sha in enumerate(hashes))
    insert(app, "projection", "sha256 projection_key packed", rows)


def judge_one_by_one(app: Application, item_ids: Sequence[int]) -> int:
    """Score and decide items from their features, one at a time; how many."""
    policy = app.policies.current()
    checkpoint = app.detectors.detector(policy.checkpoint).checkpoint
    features = drawn_features(app)
    for item_id in item_ids:
        judged = checkpoint.judge(features[[(item_id - 1) % DISTINCT]])
        assert judged.novelty is not None
        about = {"image_id": item_id, "checkpoint_id": checkpoint.id}
        rest = {"novelty": float(judged.novelty[0]), "scope": judged.nearest[0]}
        with app.database.write() as repos:
            for name, says in judged.heads.items():
                numbers = {f.name: float(getattr(says, f.name)[0]) for f in fields(HeadPrediction)}
                score = {"head": name.value, "score": float(judged.scores[name][0])}
                repos.predictions.add_many([about | numbers | rest | score])
    one_by_one.retriage(app, list(item_ids), deployment_secret(app.settings.data_dir))
    return len(item_ids)


def drawn_features(app: Application) -> Features:
    """Features [DISTINCT, width], as far from the training images as those are from each other."""
    model = app.detectors.detector(app.policies.current().checkpoint).checkpoint.model
    mean, scale = model.standardizer.mean, model.standardizer.scale
    drawn = np.random.default_rng(SEED).normal(size=(DISTINCT, len(mean)))
    return (mean + drawn * scale).astype(np.float16).astype(np.float32)
