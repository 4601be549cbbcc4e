"""How often a challenger is recommended, by how much it is better, and what a comparison takes.

The part ``compare`` of `benchmarks.learning`. Paired binormal scores: champion and challenger share
what they find hard, so that their scores correlate within a class; a source each for four in ten,
in ten and two in ten images, as guards look at. Bars hold at every AUROC and correlation of
`HARD`; others are told. The baseline is the obvious way: whoever has the higher AUROC on the same
labels is promoted. The time is that of a comparison with replay over 100,000 stored items and
10,000 labels, all of them scored by both. Quick: fewer runs, 10,000 items.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import ndtr, ndtri

from benchmarks import learning_world
from benchmarks.outcome import Row, at_least, at_most
from benchmarks.scored_queue import insert, opened
from review_app.bootstrap import Application
from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.learning.comparison import HeldOut, ScoreColumns, compare
from review_app.learning.recommendation import MATTERS, Advice, recommend
from storage.repositories.held_out import HeadOf

SEED: Final = 20261130
RUNS: Final = 200
LABELS: Final = 1000
HARD: Final = ((0.85, 0.8), (0.9, 0.7), (0.9, 0.8), (0.95, 0.7))
"""AUROC of the champion, and the correlation of both scores within a class, where bars hold."""
TOLD: Final = ((0.8, 0.8), (0.85, 0.6), (0.85, 0.9), (0.9, 0.5))
FEWER: Final = (100, 300)
"""Numbers of labels at which a worse challenger is tried, too."""
_AT: Final = "2026-11-01 08:30:00.123456"


def measure(folder: Path, quick: bool) -> Row:
    """Shares of recommendations, and the time of a comparison."""
    runs = RUNS // 4 if quick else RUNS
    found: Row = {"runs": runs}
    for auroc, correlation in (*HARD, *TOLD):
        found[_name(auroc, correlation)] = {
            "better": _share(auroc, MATTERS, correlation, LABELS, runs),
            "equal": _share(auroc, 0.0, correlation, LABELS, runs),
            "worse": _share(auroc, -MATTERS, correlation, LABELS, runs),
            "worse_with_fewer": {
                str(n): _share(auroc, -MATTERS, correlation, n, runs)["recommended"] for n in FEWER
            },
        }
    found["compare"] = _timed(folder / "world", 10_000 if quick else 100_000)
    return found


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """Better ones are found, worse ones are not taken."""
    for pair in HARD:
        figures = found[_name(*pair)]
        where = f"{LABELS} labels, {_name(*pair)}, {found['runs']} runs"
        worse, better = figures["worse"], figures["better"]
        highest = max(worse["recommended"], *figures["worse_with_fewer"].values())
        yield at_most(
            f"a challenger worse by {MATTERS} is recommended ({where}, and with fewer labels)",
            highest,
            0.05,
            f"the higher AUROC wins: {worse['higher']:.3f}",
        )
        yield at_least(
            f"a challenger better by {MATTERS} is recommended ({where})",
            better["recommended"],
            0.8,
            f"the higher AUROC wins: {better['higher']:.3f}",
        )


def draw(
    rng: np.random.Generator, n: int, auroc: float, gain: float, correlation: float
) -> HeldOut:
    """``n`` labels, every second one of a fake."""
    is_fake = np.arange(n) % 2 == 0
    noise = rng.standard_normal((n, 2))
    noise[:, 1] = correlation * noise[:, 0] + np.sqrt(1 - correlation**2) * noise[:, 1]
    means = np.sqrt(2) * ndtri(np.array([auroc, auroc + gain]))
    p = ndtr(noise + np.where(is_fake[:, None], means, 0) - means / 2)
    sources = rng.choice(["phones", "scans", "web"], n, p=(0.4, 0.4, 0.2))
    old, new = (ScoreColumns(p[:, at], p[:, at]) for at in (0, 1))
    return HeldOut(old, new, is_fake, np.ones(n), {"source": sources.astype(np.str_)})


def _name(auroc: float, correlation: float) -> str:
    return f"AUROC {auroc}, correlation {correlation}"


def _share(auroc: float, gain: float, correlation: float, n: int, runs: int) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    recommended = higher = 0
    for _ in range(runs):
        found = compare(draw(rng, n, auroc, gain, correlation), samples=0)
        recommended += recommend(found).advice is Advice.PROMOTE
        higher += (found.overall.difference or 0) > 0
    return {"recommended": recommended / runs, "higher": higher / runs}


def _timed(folder: Path, items: int) -> dict[str, Any]:
    with opened(folder) as app:
        learning_world.fill(app, items, items // 10)
        challenger = _challenger(app, items)
        start = time.perf_counter()
        replayed = app.challenges.replay(challenger)
        middle = time.perf_counter()
        report = app.challenges.compare(challenger)
        end = time.perf_counter()
    return {
        "items": replayed.items,
        "accepted": replayed.accepted,
        "opposite": replayed.opposite,
        "labels": report.overall.labels,
        "replay_seconds": middle - start,
        "seconds": end - middle,
    }


def _challenger(app: Application, items: int) -> HeadOf:
    """The light checkpoint, as if it had scored all: at random around what the champion says."""
    checkpoint = app.detectors.register(DEFAULT_CHECKPOINT.parent / "faces")
    head = checkpoint.default_head.value
    rng = np.random.default_rng(SEED)
    old = np.random.default_rng(learning_world.SEED).beta(0.5, 0.5, items)
    p = ndtr(ndtri(np.clip(old, 1e-9, 1 - 1e-9)) + rng.standard_normal(items) / 2)
    columns = "p_fake std entropy mutual_information score created_at"
    rows = (
        (i, checkpoint.id, head, q, 0.05, 0.3, 0.02, q, _AT) for i, q in enumerate(p.tolist(), 1)
    )
    insert(app, "prediction", f"image_id checkpoint_id head {columns}", rows)
    return HeadOf(checkpoint.id, head)
