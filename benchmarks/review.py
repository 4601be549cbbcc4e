"""Review: how soon the next image is there, and that no answer is lost, however many there are.

``python -m benchmarks.review [--quick] [--json]``; exit 1 when a bar does not hold. A real Chromium
works at ``deepfake-review serve``; then many reviewers do over HTTP. Baseline, in the same run: a
page of ``gr.Image`` and buttons. ``--quick`` measures fewer answers and shorter cuts.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser
from sqlalchemy import and_, select

from benchmarks.outcome import (
    PYTHON,
    Row,
    arguments,
    at_least,
    at_most,
    document,
    finish,
    tell_bars,
)
from benchmarks.review_browser import FRAME, PLAIN_FRAME, chromium, desk
from benchmarks.review_load import abandoned, many
from benchmarks.review_site import Server, account, fill, serving, serving_plain
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from storage.models import Claim, Label

DELAYS_MS = (0, 80, 200)
NEXT_IMAGE_MS = 60.0
LOOK_MS = 100.0
"""Ten images a second are more than anybody judges."""
EVERY_MS = 20.0
WARM_UP_MS = 1500.0
"""The first image is looked at for longer."""
QUEUE = 1800
"""Items with pictures: enough that a fair share of them is as much as a page may hold."""
NEXT_ITEM_MS = 100.0
LABELS_PER_SECOND = 100.0


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    answers: int
    plain: int
    cut_seconds: float
    items: int
    load_seconds: float
    abandoned: int


FULL = Size(200, 50, 60, 100_000, 60, 1000)
QUICK = Size(60, 12, 5, 20_000, 12, 120)


def measure(size: Size, folder: Path) -> dict[str, Any]:
    """Everything; the folder must be empty."""
    data = folder / "pictures"
    found: dict[str, Any] = {}
    with opened(data) as app, chromium() as browser:
        fill(app, QUEUE, needed_labels=len(DELAYS_MS) + 2)
        with serving(data) as server:
            found["next_image_ms"] = {
                str(ms): at_sight(app, browser, server.url, ms, size.answers) for ms in DELAYS_MS
            }
            found["blind"] = blindly(app, browser, server.url, size.answers)
            found["trouble"] = troubled(app, browser, server, size.answers // 5, size.cut_seconds)
        with serving_plain(data / "media") as server:
            found["plain_next_image_ms"] = {
                str(ms): plainly(browser, server.url, ms, size.plain) for ms in DELAYS_MS
            }
    with opened(folder / "load") as app:
        fill(app, size.items, needed_labels=1, files=False)
        with serving(folder / "load") as server:
            found["load"] = many(app, server.url, size.load_seconds)
    with opened(folder / "abandoned") as app:
        items = fill(app, size.abandoned, needed_labels=2, files=False)
        with serving(folder / "abandoned") as server:
            found["abandoned"] = abandoned(app, server.url, items)
    return found


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
        reviewer.look(WARM_UP_MS)
        times = reviewer.answer_at_sight(n, LOOK_MS)
        reviewer.wait_until_sent()
    return _percentiles(times)


def plainly(browser: Browser, url: str, delay_ms: int, n: int) -> dict[str, float]:
    """The same at the plain page."""
    with desk(browser) as reviewer:
        reviewer.page.goto(url)
        reviewer.network(delay_ms)
        reviewer.probe(PLAIN_FRAME)
        reviewer.look(WARM_UP_MS)
        return _percentiles(reviewer.answer_at_sight(n, LOOK_MS))


def blindly(app: Application, browser: Browser, url: str, n: int) -> dict[str, int]:
    """What is stored of key presses `EVERY_MS` apart."""
    person = account(app, "blind")
    with desk(browser) as reviewer:
        reviewer.sign_in(app, url, "blind")
        reviewer.probe(FRAME)
        reviewer.look(WARM_UP_MS)
        reviewer.press_blindly(n, EVERY_MS)
        reviewer.wait_until_dealt_with()
        reviewer.wait_until_sent()
        given = reviewer.given()
    stored = answers_of(app, person)
    return {
        "presses": n,
        "stored": len(stored),
        "distinct": len(set(stored)),
        "in_order": stored == given,
    }


def troubled(
    app: Application, browser: Browser, server: Server, n: int, cut_seconds: float
) -> dict[str, Any]:
    """``n`` answers before and ``n`` after the server is killed, a reload, and ``n`` more while the
    network is cut: what is stored, and what the page says meanwhile."""
    person = account(app, "troubled")
    told = []
    with desk(browser) as reviewer:
        reviewer.sign_in(app, server.url, "troubled")
        reviewer.probe(FRAME)
        reviewer.look(WARM_UP_MS)
        reviewer.press_blindly(n, LOOK_MS)
        server.kill()
        reviewer.press_blindly(n, LOOK_MS)
        told.append((reviewer.unsent(), reviewer.told()))
        given = reviewer.given()
        server.start()
        reviewer.page.reload()
        reviewer.wait_for_image()
        reviewer.probe(FRAME)
        reviewer.look(WARM_UP_MS)
        reviewer.network(offline=True)
        reviewer.press_blindly(n, LOOK_MS)
        reviewer.look(cut_seconds * 1000)
        told.append((reviewer.unsent(), reviewer.told()))
        reviewer.network()
        reviewer.wait_until_sent()
        given += reviewer.given()
    stored = answers_of(app, person)
    return {
        "given": len(given),
        "lost": len(set(given) - set(stored)),
        "twice": len(stored) - len(set(stored)),
        "pending_told": all(pending > 0 and str(pending) in words for pending, words in told),
    }


def answers_of(app: Application, person_id: int) -> list[str]:
    """What a person has answered, as they know it, in the order in which it was stored."""
    claimed = and_(Claim.item_id == Label.item_id, Claim.user_id == Label.user_id)
    answered = select(Claim.handle).select_from(Label).join(Claim, claimed)
    mine = answered.where(Label.user_id == person_id).order_by(Label.id)
    with app.database.read() as repos:
        return list(repos.session.scalars(mine))


def report(measures: Row, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    return document(
        "review", quick, measures, [*_page_bars(measures), *_server_bars(measures)], PYTHON
    )


def _page_bars(measures: dict[str, Any]) -> Iterator[Row]:
    for ms, found in measures["next_image_ms"].items():
        plain = measures["plain_next_image_ms"][ms]["p95"]
        what = f"ms from key press to next image, p95, network delay {ms} ms"
        yield at_most(what, found["p95"], NEXT_IMAGE_MS, f"plain page {plain:.0f}")
    blind = measures["blind"]
    in_order = blind["stored"] if blind["in_order"] else 0
    what = f"answers stored in order, of presses {EVERY_MS:g} ms apart"
    yield at_least(what, min(in_order, blind["distinct"]), blind["presses"])
    trouble = measures["trouble"]
    what = f"of {trouble['given']} answers through a killed server, a reload and a cut network, "
    yield at_most(f"{what}lost", trouble["lost"], 0)
    yield at_most(f"{what}stored twice", trouble["twice"], 0)
    yield at_least("the page says how many are pending meanwhile", trouble["pending_told"], 1)


def _server_bars(measures: dict[str, Any]) -> Iterator[Row]:
    load = measures["load"]
    page, fast, single = (load[name] for name in ("page", "page_without_pause", "one_at_a_time"))
    who = f"{load['people']} reviewers: "
    yield at_most(f"{who}items handed out twice", load["double_hand_outs"], 0)
    yield at_most(f"{who}answers lost or stored twice", load["lost_or_twice"], 0)
    rate = f"at {page['labels_per_second']:.0f} labels a second; asking for more takes "
    taking = f"{rate}{page['take_p95_ms']:.0f}"
    yield at_most(f"{who}ms to the next item, p95", page["next_item_p95_ms"], NEXT_ITEM_MS, taking)
    alone = (
        f"one item and one answer a call: {single['labels_per_second']:.0f}, "
        f"next item p95 {single['next_item_p95_ms']:.0f} ms"
    )
    what = f"{who}labels a second without a pause"
    yield at_least(what, fast["labels_per_second"], LABELS_PER_SECOND, alone)
    left = measures["abandoned"]
    who = f"{left['items']} items at overlap 2, a third abandoned: "
    yield at_most(f"{who}without exactly two labels", left["not_two_labels"], 0)
    yield at_most(f"{who}stuck", left["stuck"], 0)


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    options = arguments(__doc__, "fewer answers, shorter cuts").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measures = measure(QUICK if options.quick else FULL, Path(folder))
    return finish(report(measures, options.quick), options.json, tell_bars)


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(times, (50, 95))
    return {"n": len(times), "p50": float(p50), "p95": float(p95), "worst": max(times)}


if __name__ == "__main__":
    sys.exit(main())
