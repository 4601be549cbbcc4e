"""Review: how soon the next image is there, and that no answer is lost.

``python -m benchmarks.review [--quick] [--json]``; exit 1 when a bar does not hold. A real Chromium
works at ``deepfake-review serve``. Baseline, in the same run: a page of ``gr.Image`` and buttons.
``--quick`` measures fewer answers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser
from sqlalchemy import select

from benchmarks.review_browser import FRAME, PLAIN_FRAME, chromium, desk
from benchmarks.review_site import account, fill, serving, serving_plain
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from storage.models import Label

DELAYS_MS = (0, 80, 200)
NEXT_IMAGE_MS = 60.0
EVERY_MS = 20.0
AHEAD = 70
"""Items beyond those that are answered, so that the queue never ends."""


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    answers: int
    plain: int


FULL, QUICK = Size(200, 50), Size(60, 20)


def measure(size: Size, folder: Path) -> dict[str, Any]:
    """Everything; the folder must be empty."""
    data = folder / "pictures"
    with opened(data) as app, chromium() as browser:
        runs = 2 * len(DELAYS_MS)
        fill(app, size.answers + AHEAD, runs)
        with serving(data) as server:
            ours = {
                f"{ms}": at_sight(app, browser, server.url, ms, size.answers) for ms in DELAYS_MS
            }
            blind = {
                f"{ms}": blindly(app, browser, server.url, ms, size.answers) for ms in DELAYS_MS
            }
        with serving_plain(data / "media") as server:
            plain = {f"{ms}": plainly(browser, server.url, ms, size.plain) for ms in DELAYS_MS}
    return {"next_image_ms": ours, "plain_next_image_ms": plain, "blind": blind}


def at_sight(
    app: Application, browser: Browser, url: str, delay_ms: int, n: int
) -> dict[str, float]:
    """Percentiles of the ms from key press to the next image, decoded."""
    name = f"sight-{delay_ms}"
    account(app, name)
    with desk(browser) as reviewer:
        reviewer.sign_in(app, url, name)
        reviewer.network(delay_ms)
        reviewer.probe(FRAME)
        times = reviewer.answer_at_sight(n)
        reviewer.wait_until_sent()
    return _percentiles(times)


def plainly(browser: Browser, url: str, delay_ms: int, n: int) -> dict[str, float]:
    """The same at the plain page."""
    with desk(browser) as reviewer:
        reviewer.page.goto(url)
        reviewer.network(delay_ms)
        reviewer.probe(PLAIN_FRAME)
        return _percentiles(reviewer.answer_at_sight(n))


def blindly(app: Application, browser: Browser, url: str, delay_ms: int, n: int) -> dict[str, int]:
    """What is stored of key presses `EVERY_MS` apart."""
    name = f"blind-{delay_ms}"
    person = account(app, name)
    with desk(browser) as reviewer:
        reviewer.sign_in(app, url, name)
        reviewer.network(delay_ms)
        reviewer.probe(FRAME)
        reviewer.press_blindly(n, EVERY_MS)
        reviewer.wait_until_sent()
        shown = reviewer.shown()
    stored = answers_of(app, person)
    in_order = stored == shown[: len(stored)]
    return {"presses": n, "stored": len(stored), "distinct": len(set(stored)), "in_order": in_order}


def answers_of(app: Application, person_id: int) -> list[int]:
    """The items a person has answered, in the order in which the answers were stored."""
    mine = select(Label.item_id).where(Label.user_id == person_id).order_by(Label.id)
    with app.database.read() as repos:
        return list(repos.session.scalars(mine))


def report(measures: dict[str, Any], quick: bool) -> dict[str, Any]:
    """The document that ``--json`` prints."""
    bars = []
    for ms in map(str, DELAYS_MS):
        ours, plain = (
            measures["next_image_ms"][ms]["p95"],
            measures["plain_next_image_ms"][ms]["p95"],
        )
        what = f"ms from key press to next image, p95, network delay {ms} ms"
        bars.append(
            _bar(what, ours, NEXT_IMAGE_MS, ours <= NEXT_IMAGE_MS, f"plain page {plain:.0f}")
        )
    for ms, found in measures["blind"].items():
        what = f"answers stored of presses {EVERY_MS:g} ms apart, network delay {ms} ms"
        holds = found["stored"] == found["distinct"] == found["presses"] and found["in_order"]
        bars.append(_bar(what, found["stored"], found["presses"], holds))
    return {
        "name": "review",
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
        "quick": quick,
        "measures": measures,
        "bars": bars,
    }


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer answers")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measures = measure(QUICK if options.quick else FULL, Path(folder))
    document = report(measures, options.quick)
    if options.json:
        print(json.dumps(document, indent=1))
    else:
        for bar in document["bars"]:
            verdict = "holds" if bar["holds"] else "MISSED"
            figures = f"{bar['value']:g} (bar {bar['bar']:g}; {bar['baseline']})"
            print(f"{verdict:6} {bar['what']}: {figures}")
    return 0 if all(bar["holds"] for bar in document["bars"]) else 1


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(times, (50, 95))
    return {"n": len(times), "p50": float(p50), "p95": float(p95), "worst": max(times)}


def _bar(what: str, value: float, bar: float, holds: bool, baseline: str = "") -> dict[str, Any]:
    return {"what": what, "value": value, "bar": bar, "holds": holds, "baseline": baseline}


if __name__ == "__main__":
    sys.exit(main())
