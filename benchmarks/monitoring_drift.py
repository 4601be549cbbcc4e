"""Drift: how soon one source switching to another is flagged, and how often nothing is.

Streams are draws from real test images with the default checkpoint's scores, novelties and
features: a reference of one source, a stream of it, and from some item on another source. Baseline:
a Kolmogorov-Smirnov test of the scores at 5%, looked at as often. Features are projected onto
`WIDTH` directions drawn at random, which saves time and costs the test some of its power. Where the
images are not there, they are normal vectors, and the other source's mean is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Final, NamedTuple

import numpy as np

from benchmarks import real_scores
from benchmarks.outcome import Row, at_least, at_most
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.feature_cache import DirectoryFeatureCache
from review_app.monitoring.statistics.drift import (
    EPOCH,
    DriftWatch,
    Floats,
    Panel,
    StreamSample,
    due,
)

REFERENCE: Final = 1000
SOON: Final = 200
RUNS: Final = 200
CALM: Final = 500
WIDTH: Final = 256
_LEAST_IMAGES: Final = 300


class Source(NamedTuple):
    """The images of one source, from which streams are drawn."""

    name: str
    score: Floats
    novelty: Floats
    features: Floats

    def draw(self, n: int, rng: np.random.Generator) -> StreamSample:
        """``n`` images, with replacement."""
        at = rng.integers(len(self.score), size=n)
        return StreamSample(self.score[at], self.novelty[at], self.features[at])


def sources() -> list[Source]:
    """Those of the real images, or synthetic ones."""
    if not real_scores.MANIFEST.exists():
        return [_synthetic("a", 0.0), _synthetic("b", 0.7)]
    checkpoint = Checkpoint.load(real_scores.ROOT / "checkpoints" / "default")
    cache = DirectoryFeatureCache(real_scores.CACHE)
    data, judgement = real_scores.judge(checkpoint, cache)
    assert judgement.novelty is not None
    scores = judgement.scores[checkpoint.default_head]
    of = np.array(data.sources)
    width = data.features.shape[1]
    directions = np.random.default_rng(0).normal(size=(width, WIDTH)) / np.sqrt(width)
    spread = data.features.std(axis=0)
    features = data.features / np.where(spread > 0, spread, 1) @ directions
    return [
        Source(name, scores[of == name], judgement.novelty[of == name], features[of == name])
        for name in sorted(set(data.sources))
        if (of == name).sum() >= _LEAST_IMAGES
    ]


def measure(quick: bool) -> Row:
    """False alarms of each source, and the switch from each to each other; `RUNS` of either."""
    found, runs = sources(), 24 if quick else RUNS
    pairs = list(permutations(found, 2))
    false = [_false_alarms(source, -(-runs // len(found))) for source in found]
    switches = [_switches(one, other, -(-runs // len(pairs))) for one, other in pairs]
    return {"sources": [s.name for s in found], "false_alarms": false, "switches": switches}


def bars(found: Row) -> Iterator[Row]:
    """Each bar with what ``found`` says of it."""
    runs = sum(row["runs"] for row in found["false_alarms"])
    ours, naive = (
        sum(row[name] for row in found["false_alarms"]) / runs for name in ("flagged", "naive")
    )
    yield at_most(
        f"false alarms in {EPOCH:,} items without drift, of {runs} runs",
        ours,
        0.05,
        f"a test at 5%, looked at as often: {naive:.3g}",
    )
    switches = found["switches"]
    runs = sum(row["runs"] for row in switches)
    soon, by_score = (
        sum(row[name] * row["runs"] for row in switches) / runs for name in ("in_time", Panel.SCORE)
    )
    yield at_least(
        f"flagged within {SOON} items of one source becoming another, of {runs} runs over "
        f"{len(switches)} pairs",
        soon,
        0.95,
        f"by scores alone: {by_score:.3g}",
    )


def _false_alarms(source: Source, runs: int) -> Row:
    flagged = naive = 0
    for run in range(runs):
        rng = np.random.default_rng([20261130, run])
        watch = DriftWatch(source.draw(REFERENCE, rng))
        hit, sloppy = _epoch(watch, source.draw(EPOCH, rng))
        flagged += hit
        naive += sloppy
    return {"source": source.name, "runs": runs, "flagged": flagged, "naive": naive}


def _epoch(watch: DriftWatch, stream: StreamSample) -> tuple[bool, bool]:
    """Whether anything of an epoch was flagged, by ours and by the baseline."""
    hit = sloppy = False
    for look in due(0, EPOCH):
        for finding in watch.look(look, _window(stream, look.begin, look.end)):
            hit |= finding.is_drift
            sloppy |= finding.panel is Panel.SCORE and finding.distance.p <= 0.05
    return hit, sloppy


def _switches(one: Source, other: Source, runs: int) -> Row:
    """Streams that switch ``CALM`` and up to 50 items after their beginning."""
    soon: dict[str, int] = dict.fromkeys(["any", *Panel], 0)
    waits = []
    for run in range(runs):
        rng = np.random.default_rng([20261201, run])
        watch = DriftWatch(one.draw(REFERENCE, rng))
        turn = CALM + int(rng.integers(50))
        stream = _joined(one.draw(turn, rng), other.draw(SOON, rng))
        flags = [
            (finding.panel, look.end - turn)
            for look in due(turn, turn + SOON)
            for finding in watch.look(look, _window(stream, look.begin, look.end))
            if finding.is_drift
        ]
        soon["any"] += bool(flags)
        for panel in {panel for panel, _ in flags}:
            soon[panel] += 1
        waits.append(min((after for _, after in flags), default=SOON + 1))
    shares = {str(name): n / runs for name, n in soon.items()}
    in_time = shares.pop("any")
    median = float(np.median(waits))
    names = {"from": one.name, "to": other.name, "runs": runs}
    return {**names, "in_time": in_time, "median": median, **shares}


def _window(stream: StreamSample, begin: int, end: int) -> StreamSample:
    return StreamSample(*(None if part is None else part[begin:end] for part in stream))


def _joined(first: StreamSample, then: StreamSample) -> StreamSample:
    pairs = zip(first, then, strict=True)
    return StreamSample(
        *(np.concatenate([a, b]) for a, b in pairs if a is not None and b is not None)
    )


def _synthetic(name: str, moved: float) -> Source:
    rng = np.random.default_rng(int(10 * moved))
    features = rng.normal(size=(2000, 64)) + moved * (np.arange(64) < 4)
    scores = 1 / (1 + np.exp(-features[:, 0] - rng.normal(size=2000)))
    return Source(name, scores, np.linalg.norm(features, axis=1), features)
