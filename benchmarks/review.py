"""Review: how soon the next image is there, and that no answer is lost, however many there are.

``python -m benchmarks.review [PART ...] [--quick] [--json]``; exit 1 when a bar does not hold.

``page``: a real Chromium at ``deepfake-review serve``, beside a page of ``gr.Image`` and buttons.
``load``: forty reviewers over HTTP, beside two handlers of FastAPI with one statement each.
``abandoned``: people who take items and leave. ``growth``: the next item and its answer in a long
queue, beside a short one. ``--quick`` measures fewer answers, shorter cuts and shorter queues.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.outcome import (
    PYTHON,
    Row,
    arguments,
    at_least,
    at_most,
    document,
    finish,
    parts_asked,
    tell_bars,
)
from benchmarks.review_growth import growth, growth_bars
from benchmarks.review_load import abandoned, bare, many
from benchmarks.review_page import page, page_bars
from benchmarks.review_site import fill, serving
from benchmarks.scored_queue import opened

NEXT_ITEM_MS, NEXT_ITEM_SINGLY_MS = 100.0, 60.0
LABELS_PER_SECOND, LABELS_PER_SECOND_SINGLY = 100.0, 200.0
TIMES_BARE = 3.0


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    answers: int
    plain: int
    cut_seconds: float
    items: int
    load_seconds: float
    abandoned: int
    short: int
    long: int
    calls: int


FULL = Size(200, 50, 60, 100_000, 60, 1000, 10_000, 1_000_000, 1000)
QUICK = Size(60, 12, 5, 20_000, 12, 120, 2_000, 50_000, 200)


def _page(size: Size, folder: Path) -> dict[str, Any]:
    return page(folder, size.answers, size.plain, size.cut_seconds)


def _load(size: Size, folder: Path) -> dict[str, Any]:
    with opened(folder / "load") as app:
        fill(app, size.items, needed_labels=1, files=False)
        with serving(folder / "load") as server:
            found = many(app, server.url, size.load_seconds)
    return {"load": {**found, "bare": bare(folder, size.items, size.load_seconds / 3)}}


def _abandoned(size: Size, folder: Path) -> dict[str, Any]:
    with opened(folder / "abandoned") as app:
        items = fill(app, size.abandoned, needed_labels=2, files=False)
        with serving(folder / "abandoned") as server:
            return {"abandoned": abandoned(app, server.url, items)}


def _growth(size: Size, folder: Path) -> dict[str, Any]:
    return {"growth": growth(folder, size.short, size.long, size.calls)}


def _load_bars(measures: dict[str, Any]) -> Iterator[Row]:
    load = measures["load"]
    shared, fast = load["page"], load["page_without_pause"]
    who = f"{load['people']} reviewers: "
    yield at_most(f"{who}items handed out twice", load["double_hand_outs"], 0)
    yield at_most(f"{who}answers lost or stored twice", load["lost_or_twice"], 0)
    rate = f"at {shared['labels_per_second']:.0f} labels a second; asking for more takes "
    taking = f"{rate}{shared['take_p95_ms']:.0f}"
    what = f"{who}ms to the next item, p95"
    yield at_most(what, shared["next_item_p95_ms"], NEXT_ITEM_MS, taking)
    what = f"{who}labels a second without a pause"
    yield at_least(what, fast["labels_per_second"], LABELS_PER_SECOND)
    yield from _single_bars(who, load["one_at_a_time"], load["bare"])


def _single_bars(who: str, single: Row, least: Row) -> Iterator[Row]:
    who = f"{who}one item and one answer a call, without a pause: "
    rate, p95 = least["labels_per_second"], least["next_item_p95_ms"]
    told = f"bare handlers {p95:.0f}, at {rate:.0f} labels a second"
    what = f"{who}ms to the next item, p95"
    yield at_most(what, single["next_item_p95_ms"], NEXT_ITEM_SINGLY_MS, told)
    yield at_most(f"{who}times the bare handlers'", single["next_item_p95_ms"] / p95, TIMES_BARE)
    what = f"{who}labels a second"
    yield at_least(what, single["labels_per_second"], LABELS_PER_SECOND_SINGLY, f"bare {rate:.0f}")


def _abandoned_bars(measures: dict[str, Any]) -> Iterator[Row]:
    left = measures["abandoned"]
    who = f"{left['items']} items at overlap 2, a third abandoned: "
    yield at_most(f"{who}without exactly two labels", left["not_two_labels"], 0)
    yield at_most(f"{who}stuck", left["stuck"], 0)


Measure = Callable[[Size, Path], dict[str, Any]]
Bars = Callable[[dict[str, Any]], Iterable[Row]]
PARTS: dict[str, tuple[Measure, Bars]] = {
    "page": (_page, page_bars),
    "load": (_load, _load_bars),
    "abandoned": (_abandoned, _abandoned_bars),
    "growth": (_growth, growth_bars),
}


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "fewer answers, shorter cuts, shorter queues")
    options, parts = parts_asked(parser, PARTS)
    measures: dict[str, Any] = {}
    bars: list[Row] = []
    for measure, judge in map(PARTS.__getitem__, parts):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(QUICK if options.quick else FULL, Path(folder))
        measures |= found
        bars += judge(found)
    told = document("review", options.quick, measures, bars, PYTHON)
    return finish(told, options.json, tell_bars)


if __name__ == "__main__":
    sys.exit(main())
