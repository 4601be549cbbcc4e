"""What labels in learning order teach, against labels drawn at random: real images, real features.

The part ``order`` of `benchmarks.learning`. A deployment of ``checkpoints/faces`` meets a stream of
four kinds of images, two of which it never saw: those of ``../shared/data`` that did not make it,
and all of ``../shared/wild``. Their features are computed once, in minutes, and kept with those of
`benchmarks.real_scores`. From 200 random labels, four batches
of 200 are added: at random; or by the race that the queue runs, one fifth of the weight shared out
evenly, the rest by EPIG on features with draws of the updated head, or on stored predictions alone;
or the highest EPIG as such. AUROC is that of the updated head on the test half of the stream, which
is split by group. Weighed: by one over the probability of having been drawn by then. Quick: one
seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupShuffleSplit

from benchmarks import real_scores
from benchmarks.outcome import Row, at_least
from review_app.core.hashing import sha256
from review_app.core.placements import auroc
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import load_labelled
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.inference.heads import HeadPrediction, Matrix
from review_app.inference.heads.updated import UpdatedHead, UpdateProblem, UpdateTraining
from review_app.inference.model import beside
from review_app.lab.reliability import expected_calibration_error
from review_app.lab.updating import base_head
from review_app.manifests.manifest import read_manifest
from review_app.manifests.weights import truncated
from review_app.queueing.order import epig, learning_worth, race, race_inclusion, race_weights

MANIFESTS: Final = (real_scores.MANIFEST, real_scores.MORE)
SEEDS: Final = 5
START, BATCH, BATCHES = 200, 200, 4
SHARE: Final = 0.2
DRAWS, TARGETS = 64, 64
IN_FORCE: Final = "race_stored"
"""The order that the queue runs. The others are told beside it."""
ARMS: Final = ("random", "race_features", "race_stored", "highest_features")

_TRAINING: Final = UpdateTraining(evidence_images=500)

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Stream:
    """The images of a deployment, [n], with what the checkpoint says of each."""

    rows: Matrix
    """What an updated head is asked."""
    said: HeadPrediction
    novelty: Floats
    is_fake: NDArray[np.bool_]
    group: NDArray[Any]


@dataclass
class Labels:
    """What is labelled by now of the pool [n], and the chance that each had to be."""

    chosen: NDArray[np.bool_]
    missed: Floats
    """The probability of not having been chosen so far, as the batches were."""
    curve: list[float | None] = field(default_factory=list)

    def add(self, at: Rows, probability: Floats) -> None:
        """One more batch, of the places ``at``; each image was in it with ``probability`` [n]."""
        self.chosen[at] = True
        self.missed *= 1 - probability

    def weights(self) -> Floats:
        """One over the inclusion probability of each that is labelled, cut as a training does."""
        cut, _ = truncated(1 / np.maximum(1 - self.missed[self.chosen], 1e-9))
        scaled: Floats = cut / cut.mean()
        return scaled


def measure(folder: Path, quick: bool) -> Row:
    """The curves of every arm by seed, and calibration with and without weights."""
    stream = _stream(Checkpoint.load(DEFAULT_CHECKPOINT.parent / "faces"))
    found = [_of_seed(stream, seed) for seed in range(1 if quick else SEEDS)]
    return {"images": len(stream.is_fake), "labels": [START + BATCH * i for i in range(5)],
            "seeds": found}  # fmt: skip


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """The gain of learning order, and that weights keep calibration in each seed."""
    seeds = found["seeds"]
    for arm in ARMS[1:]:
        gains = [each[arm]["auroc"][-1] - each["random"]["auroc"][-1] for each in seeds]
        told = " ".join(f"{gain:+.3f}" for gain in gains)
        yield at_least(f"AUROC of {arm} less random", float(np.mean(gains)), 0.0, told)
    pairs = [(each[IN_FORCE]["ece_weighed"], each[IN_FORCE]["ece"]) for each in seeds]
    closer = sum(weighed <= plain for weighed, plain in pairs)
    told = " ".join(f"{weighed:.3f}/{plain:.3f}" for weighed, plain in pairs)
    yield at_least(f"seeds where weights keep the calibration of {IN_FORCE}", closer, len(seeds),
                   f"weighed/unweighed ECE {told}")  # fmt: skip


def _stream(checkpoint: Checkpoint) -> Stream:
    backbone = load_backbone(checkpoint.card.backbone.name)
    cache = DirectoryFeatureCache(real_scores.CACHE)
    parts = []
    for path in MANIFESTS:
        manifest = read_manifest(path)
        new = [r for r in manifest.rows if not checkpoint.seen(sha256(r.path.read_bytes()))]
        parts.append(load_labelled(manifest, new, backbone, cache, purpose="measuring"))
    images = parts[0].joined(parts[1])
    judgement = checkpoint.judge(images.features)
    assert judgement.novelty is not None
    said = judgement.heads[base_head(checkpoint)]
    rows = beside(checkpoint.model.told(images.features), said)
    named = zip(images.groups or images.keys, images.keys, strict=True)
    group = np.array([name or key for name, key in named])
    return Stream(rows, said, judgement.novelty, images.is_fake, group)


def _of_seed(stream: Stream, seed: int) -> Row:
    split = GroupShuffleSplit(1, test_size=0.4, random_state=seed)
    pool, test = next(split.split(stream.rows, groups=stream.group))
    rng = np.random.default_rng(seed)
    start = rng.choice(pool, START, replace=False)
    before = auroc(stream.said.p_fake[test], stream.is_fake[test])
    found: Row = {"champion": before}
    for arm in ARMS:
        first = np.isin(pool, start)
        labels = Labels(first, np.full(len(pool), 1 - START / len(pool)))
        head = _head(stream, pool[labels.chosen])
        labels.curve.append(_auroc(stream, head, test))
        for number in range(BATCHES):
            coins = np.random.default_rng((seed, number))
            labels.add(*_next(stream, head, pool, labels.chosen, arm, coins))
            head = _head(stream, pool[labels.chosen])
            labels.curve.append(_auroc(stream, head, test))
        weighed = _head(stream, pool[labels.chosen], labels.weights())
        found[arm] = {
            "auroc": labels.curve,
            "auroc_weighed": _auroc(stream, weighed, test),
            "ece": _ece(stream, head, test),
            "ece_weighed": _ece(stream, weighed, test),
            "fakes": float(stream.is_fake[pool[labels.chosen]].mean()),
        }
    return found


def _next(
    stream: Stream,
    head: UpdatedHead,
    pool: Rows,
    chosen: NDArray[np.bool_],
    arm: str,
    rng: np.random.Generator,
) -> tuple[Rows, Floats]:
    """The places of the next batch, and with which probability each of the pool, were it not
    ``chosen`` yet, is in it."""
    left = np.flatnonzero(~chosen)
    if arm == "random":
        picked = rng.choice(left, BATCH, replace=False)
        return picked, np.full(len(pool), BATCH / len(left))
    targets = rng.choice(pool[left], TARGETS, replace=False)
    worth = _worth(stream, head, pool, targets, arm)
    if arm.startswith("highest"):
        picked = left[np.argsort(-worth[left])[:BATCH]]
        return picked, (worth >= worth[picked[-1]]).astype(np.float64)
    weights = race_weights(worth, SHARE, float(worth[left].mean()))
    ran = race(weights[left], rng.random(len(left)))
    order = np.argsort(-ran)
    return left[order[:BATCH]], race_inclusion(weights, float(ran[order[BATCH]]))


def _worth(stream: Stream, head: UpdatedHead, left: Rows, targets: Rows, arm: str) -> Floats:
    if arm.endswith("features"):
        both = np.concatenate([left, targets])
        drawn = head.draws(stream.rows[both], DRAWS, seed=0)
        return epig(drawn[:, : len(left)], drawn[:, len(left) :])
    says = head.predict(stream.rows[left])
    wanted = head.predict(stream.rows[targets])
    about = (wanted.p_fake, wanted.std, stream.novelty[targets])
    return learning_worth(says.p_fake, says.std, stream.novelty[left], about)


def _head(stream: Stream, rows: Rows, weights: Floats | None = None) -> UpdatedHead:
    problem = UpdateProblem(stream.rows[rows], _TRAINING, seed=0)
    return problem.fit(np.arange(len(rows)), stream.is_fake[rows], weights)


def _auroc(stream: Stream, head: UpdatedHead, test: Rows) -> float | None:
    return auroc(head.predict(stream.rows[test]).p_fake, stream.is_fake[test])


def _ece(stream: Stream, head: UpdatedHead, test: Rows) -> float:
    p = head.predict(stream.rows[test]).p_fake
    return float(expected_calibration_error(p, stream.is_fake[test], None))
