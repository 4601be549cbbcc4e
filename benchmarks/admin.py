"""The admin's page over a large queue: how long each part of it takes, and how that grows.

``python -m benchmarks.admin [--quick] [--json] [--items N] [--worlds FOLDER] [--only WORDS]``; exit
1 when a bar does not hold. Two deployments made by `benchmarks.make_world`, of 10,000 and of N
items (a million), are served side by side. Every event by which a tab is opened or refreshes itself
and every filter of `benchmarks.admin_calls` are called at both in turn, all found in what the page
tells the browser: a new tab is measured by itself. ``--worlds`` keeps the deployments for the next
run.

Times are those of a client on the same machine, so they hold the way there and back, too; the
processor time of the server is told beside them, which no neighbour on the machine makes longer.
First paint is that of a real Chromium, of each tab by its address. Baseline, in the same run: the
states of items counted by scanning the table, as the first screen once did. Then the memory that
the server still has in use after a quiet minute. At last many images go back to people while
somebody reviews (`benchmarks.admin_bulk`, with a baseline of its own).
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import numpy as np

from benchmarks.admin_bulk import requeue
from benchmarks.admin_calls import AdminCall, calls_of, tabs_of
from benchmarks.make_world import Size, make
from benchmarks.outcome import PYTHON, Row, arguments, at_most, document, finish, tell_bars
from benchmarks.review_browser import chromium
from benchmarks.review_site import IDLE_MB, SETTLED_S, Server, serving
from benchmarks.scored_queue import opened
from review_app.web.identity import COOKIE

SMALL: Final = 10_000
PAGE_MS, GROWTH, PAINT_MS = 200.0, 1.5, 1000.0
REQUEUE_S, WRITE_MS = 20.0, 500.0
"""The seconds in which 100,000 images go to people, and what a reviewer may wait meanwhile."""
ROUNDS, PATIENCE = 30, 10.0
"""How often each call is made, and the seconds after which a slow one is made no more."""
WARM_UP: Final = 2
_SCAN: Final = "SELECT state, count(*) FROM item NOT INDEXED GROUP BY state"


@dataclass
class Deployment:
    """One that is served, with an admin's session."""

    folder: Path
    server: Server
    http: httpx.Client
    calls: list[AdminCall]
    tabs: list[str]
    token: str
    ms: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms: dict[str, float] = field(default_factory=dict)

    def call(self, call: AdminCall) -> float:
        """Milliseconds until the answer is there."""
        clock = time.perf_counter()
        answer = self.http.post(call.path, json=call.body)
        took = (time.perf_counter() - clock) * 1000
        assert answer.is_success, f"{call.name}: {answer.text}"
        return took

    def cpu(self) -> float:
        """Milliseconds of processor time that the server has used."""
        return self.server.cpu_seconds() * 1000


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "100,000 items and fewer rounds")
    parser.add_argument("--items", type=int, help="how many the large deployment has")
    parser.add_argument("--worlds", type=Path, help="where the deployments are, or are made")
    parser.add_argument("--only", default="", help="calls whose name contains this")
    options = parser.parse_args()
    items = options.items or (100_000 if options.quick else Size.items)
    with tempfile.TemporaryDirectory() as folder:
        worlds = options.worlds or Path(folder)
        found = measure(worlds, items, ROUNDS // 4 if options.quick else ROUNDS, options.only)
    bars = list(bars_of(found))
    libraries = (PYTHON, f"SQLite {sqlite3.sqlite_version}", f"load {os.getloadavg()[0]:.1f}")
    return finish(
        document("admin", options.quick, found, bars, *libraries), options.json, tell_bars
    )


def measure(worlds: Path, items: int, rounds: int, only: str = "") -> Row:
    """Times of all calls at both deployments, and first paints."""
    for n in (SMALL, items):
        if not (worlds / str(n)).exists():
            with opened(worlds / str(n)) as app:
                make(app, Size(n, n // 5))
    with ExitStack() as stack:
        small, large = (stack.enter_context(_served(worlds / str(n))) for n in (SMALL, items))
        for call in large.calls:
            if only in call.name:
                _measure_call(small, large, call, rounds)
        found = {
            "items": [SMALL, items],
            "calls": {name: _told(small, large, name) for name in large.ms},
            "scan_ms": [_scan(small), _scan(large)],
            "first_paint_ms": _paints(large, max(rounds // 8, 3)) if not only else {},
            "idle_megabytes": _at_rest(large) if not only else None,
        }
    return {**found, "requeue": requeue(worlds / str(items)) if not only else {}}


def bars_of(found: Row) -> Iterator[Row]:
    """The slowest call, the one that grows most, and the latest first paint."""
    calls, scan = found["calls"], found["scan_ms"]
    slowest = max(calls, key=lambda name: calls[name]["p95_ms"][1])
    grows = max(calls, key=lambda name: calls[name]["growth"])
    n = found["items"][1]
    of = f"({slowest}); a scan that counts states {scan[1]:.0f} ms"
    yield at_most(f"p95 ms of every call at {n:,} items", calls[slowest]["p95_ms"][1], PAGE_MS, of)
    of = f"({grows}); the scan {scan[1] / scan[0]:.0f}"
    yield at_most(
        f"median at {n:,} items, multiple of {SMALL:,}", calls[grows]["growth"], GROWTH, of
    )
    paints = found["first_paint_ms"]
    if paints:
        tab = max(paints, key=lambda name: paints[name]["p95"])
        yield at_most("first paint p95, ms", paints[tab]["p95"], PAINT_MS, f"({tab})")
    if megabytes := found["idle_megabytes"]:
        yield at_most("MiB of the server at rest after all of it", megabytes, IDLE_MB)
    if moved := found["requeue"]:
        of = f"({moved['images']:,} images; one by one {moved['one_by_one_per_100000_seconds']} s)"
        seconds = moved["per_100000_seconds"]
        yield at_most("seconds to send 100,000 images to people", seconds, REQUEUE_S, of)
        waits = moved["write_ms"]
        of = f"(before {waits['before']['p95']})"
        yield at_most(
            "p95 ms of a reviewer's write meanwhile", waits["meanwhile"]["p95"], WRITE_MS, of
        )


def _measure_call(small: Deployment, large: Deployment, call: AdminCall, rounds: int) -> None:
    """In turn, so that whatever else the machine does falls on both."""
    twin = next(each for each in small.calls if each.name == call.name)
    pairs = ((small, twin), (large, call))
    for place, each in pairs * WARM_UP:
        place.call(each)
    before = [place.cpu() for place, _ in pairs]
    until, made = time.monotonic() + PATIENCE, 0
    while made < rounds and time.monotonic() < until:
        for place, each in pairs:
            place.ms.setdefault(call.name, []).append(place.call(each))
        made += 1
    for (place, _), was in zip(pairs, before, strict=True):
        place.cpu_ms[call.name] = (place.cpu() - was) / made


def _told(small: Deployment, large: Deployment, name: str) -> Row:
    p95 = [float(np.percentile(place.ms[name], 95)) for place in (small, large)]
    median = [float(np.median(place.ms[name])) for place in (small, large)]
    return {
        "p95_ms": [round(ms, 1) for ms in p95],
        "median_ms": [round(ms, 1) for ms in median],
        "cpu_ms": [round(place.cpu_ms[name], 1) for place in (small, large)],
        "growth": round(median[1] / median[0], 2),
        "n": len(large.ms[name]),
    }


@contextmanager
def _served(folder: Path) -> Iterator[Deployment]:
    with opened(folder) as app, serving(folder) as server:
        token = app.people.redeem_link(app.people.make_link("admin", "benchmark"))
        with httpx.Client(base_url=server.url, cookies={COOKIE: token}, timeout=120) as http:
            page = http.get("/admin/").text
            yield Deployment(folder, server, http, calls_of(page), tabs_of(page), token)


def _scan(place: Deployment) -> float:
    """Milliseconds of the obvious way to count states."""
    with sqlite3.connect(place.folder / "review.db") as connection:
        took = []
        for _ in range(3):
            clock = time.perf_counter()
            connection.execute(_SCAN).fetchall()
            took.append((time.perf_counter() - clock) * 1000)
    return min(took)


def _at_rest(place: Deployment) -> float:
    """MiB of the server once nobody has asked for anything for a while."""
    time.sleep(SETTLED_S)
    return round(place.server.megabytes(), 1)


def _paints(place: Deployment, rounds: int) -> Row:
    """First contentful paint of each tab's address, in a browser that has been there before."""
    found = {}
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": COOKIE, "value": place.token, "url": place.server.url}])
        page = context.new_page()
        for tab in place.tabs:
            took = []
            for _ in range(rounds + 1):
                page.goto(f"{place.server.url}/admin/?tab={tab}", wait_until="load")
                took.append(page.evaluate(_FIRST_PAINT))
            found[tab] = {
                "p95": float(np.percentile(took[1:], 95)),
                "median": float(np.median(took[1:])),
            }
    return found


_FIRST_PAINT: Final = """() => new Promise((told) => {
  new PerformanceObserver((list) => {
    const paint = list.getEntriesByName("first-contentful-paint")[0];
    if (paint) told(paint.startTime);
  }).observe({ type: "paint", buffered: true });
})"""


if __name__ == "__main__":
    sys.exit(main())
