"""Flooding: how long others wait for the next item while one person floods Inspect, views and
uploads, and what the server's memory is like afterwards.

Idle and flooded are measured in turn at one server, so that whatever else the machine does weighs
on both alike.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.review_site import Server, account, fill, serving
from benchmarks.scored_queue import ACTOR, opened
from benchmarks.trust_flooder import READY, Flood, Flooder
from review_app.bootstrap import Application
from review_app.web.identity import COOKIE
from tests.web.reviewers import HttpReviewer

ITEMS = 6000
EVERY_S = 0.05
"""Seconds between two answers of the one who is kept waiting."""
SETTLE_S = 8.0
"""The server reads its detector when it starts."""
FLOODS = 20
IMAGES = 7
"""Images of one flood: one of each kind that there is."""


def measure(folder: Path, quick: bool) -> dict[str, Any]:
    """Milliseconds to the next item, idle and flooded, and MiB before and after `FLOODS`."""
    turns, seconds = (2, 4.0) if quick else (6, 8.0)
    with opened(folder) as app:
        fill(app, ITEMS, needed_labels=1, files=False)
        tokens = [_token(app, name) for name in ("victim", "flooder")]
        with serving(folder) as server, closing(HttpReviewer(server.url, tokens[0])) as victim:
            flood = Flood(server.url, tokens[1], _reads_uploads(server.url, tokens[1]), None)
            time.sleep(SETTLE_S)
            _flood_once(flood)  # what is loaded once stays loaded
            waits = _interleaved(victim, flood, turns, seconds)
            memory = _memory(server, flood, 5 if quick else FLOODS)
    idle, flooded = (float(np.percentile(waits[name], 95)) for name in ("idle", "flooded"))
    return {
        "n": len(waits["idle"]) + len(waits["flooded"]),
        "idle_p95_ms": idle,
        "flooded_p95_ms": flooded,
        "flooded_worst_ms": max(waits["flooded"]),
        "ratio": flooded / idle,
        "flood": waits["told"],
        **memory,
    }


def _interleaved(victim: HttpReviewer, flood: Flood, turns: int, seconds: float) -> dict[str, Any]:
    idle: list[float] = []
    flooded: list[float] = []
    told: Counter[str] = Counter()
    _next_items(victim, 2.0)
    for _ in range(turns):
        idle += _next_items(victim, seconds)
        with _flooding(flood) as counted:
            time.sleep(1.0)
            flooded += _next_items(victim, seconds)
        told.update(counted)
    return {"idle": idle, "flooded": flooded, "told": dict(told)}


def _next_items(victim: HttpReviewer, seconds: float) -> list[float]:
    """Milliseconds from an answer until the next item is there, again and again."""
    waits: list[float] = []
    (item,) = victim.take(1)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        time.sleep(EVERY_S)
        clock = time.perf_counter()
        victim.answer([item])
        (item,) = victim.take(1)
        waits.append(1000 * (time.perf_counter() - clock))
    return waits


@contextmanager
def _flooding(flood: Flood) -> Iterator[Counter[str]]:
    """A flood as long as the block; what the server did during it is known afterwards."""
    command = [sys.executable, "-m", "benchmarks.trust_flooder"]
    process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(flood)) + "\n")
    process.stdin.flush()
    assert process.stdout is not None
    assert process.stdout.readline().strip() == READY
    counted: Counter[str] = Counter()
    try:
        yield counted
    finally:
        out, _ = process.communicate("\n", timeout=300)
        counted.update(json.loads(out))


def _flood_once(flood: Flood) -> None:
    Flooder(Flood(flood.url, flood.token, flood.function, IMAGES)).run()


def _memory(server: Server, flood: Flood, floods: int) -> dict[str, float]:
    _flood_once(flood)
    time.sleep(3)
    before = _mib(server.process_id)
    for _ in range(floods):
        _flood_once(flood)
    time.sleep(3)
    after = _mib(server.process_id)
    return {"floods": floods, "mib_before": before, "mib_after": after, "growth": after / before}


def _mib(process_id: int) -> float:
    """What the process and those that it has started take, MiB; shared pages count in part."""
    sizes = Path(f"/proc/{process_id}/smaps_rollup").read_text()
    pss = next(line.split()[1] for line in sizes.splitlines() if line.startswith("Pss:"))
    started = Path(f"/proc/{process_id}/task").glob("*/children")
    others = [int(child) for path in started for child in path.read_text().split()]
    return int(pss) / 1024 + sum(_mib(child) for child in others)


def _reads_uploads(url: str, token: str) -> int:
    """Gradio's number of the function that is given an upload."""
    page = httpx.get(f"{url}/review/inspect", cookies={COOKIE: token}, timeout=60).text
    config, _ = json.JSONDecoder().raw_decode(page.partition("window.gradio_config = ")[2])
    files = {c["id"] for c in config["components"] if c["type"] == "file"}
    (found,) = (d["id"] for d in config["dependencies"] if files & set(d["inputs"]))
    return int(found)


def _token(app: Application, name: str) -> str:
    account(app, name)
    return app.people.redeem_link(app.people.make_link(name, ACTOR))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(measure(Path(place), "--quick" in sys.argv), indent=1))
