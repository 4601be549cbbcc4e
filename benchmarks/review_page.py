"""The review page in a real Chromium: how soon the next image is there, and what becomes of answers
when the server is killed or the network is cut. Baseline: a page of ``gr.Image`` and buttons."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser
from sqlalchemy import and_, select

from benchmarks.outcome import Row, at_least, at_most
from benchmarks.review_browser import FRAME, PLAIN_FRAME, chromium, desk
from benchmarks.review_site import Server, account, fill, serving, serving_plain
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from storage.models import Claim, Label

DELAYS_MS = (0, 80, 200)
NEXT_IMAGE_MS, BESIDE_WORK_MS = 33.0, 60.0
LOOK_MS = 100.0
"""Ten images a second are more than anybody judges."""
EVERY_MS = 20.0
WARM_UP_MS = 1500.0
"""The first image is looked at for longer."""
QUEUE = 1800
"""Items with pictures: enough that a fair share of them is as much as a page may hold."""


def page(folder: Path, answers: int, plain: int, cut_seconds: float) -> dict[str, Any]:
    """What is measured of the page: ``answers`` of ours each time, ``plain`` ones of the plain
    page, the network cut for so long."""
    data = folder / "pictures"
    found: dict[str, Any] = {}
    with opened(data) as app, chromium() as browser:
        fill(app, QUEUE, needed_labels=2 * len(DELAYS_MS) + 2)
        with serving(data) as server:
            found["next_image_ms"] = _at_each_delay(app, browser, server.url, "alone", answers)
            with one_core_busy():
                found["next_image_beside_work_ms"] = _at_each_delay(
                    app, browser, server.url, "beside", answers
                )
            found["blind"] = blindly(app, browser, server.url, answers)
            found["trouble"] = troubled(app, browser, server, answers // 5, cut_seconds)
        with serving_plain(data / "media") as server:
            found["plain_next_image_ms"] = {
                str(ms): plainly(browser, server.url, ms, plain) for ms in DELAYS_MS
            }
    return found


@contextmanager
def one_core_busy() -> Iterator[None]:
    """A process meanwhile that computes without a pause."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _at_each_delay(
    app: Application, browser: Browser, url: str, who: str, n: int
) -> dict[str, dict[str, float]]:
    return {str(ms): at_sight(app, browser, url, f"{who}-{ms}", ms, n) for ms in DELAYS_MS}


def at_sight(
    app: Application, browser: Browser, url: str, name: str, delay_ms: int, n: int
) -> dict[str, float]:
    """Percentiles of the ms from key press to the next image, decoded; of a new reviewer."""
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


def page_bars(measures: dict[str, Any]) -> Iterator[Row]:
    """The bars of what `page` measures."""
    for name, bar, beside in (
        ("next_image_ms", NEXT_IMAGE_MS, ""),
        ("next_image_beside_work_ms", BESIDE_WORK_MS, ", one core busy"),
    ):
        for ms, found in measures[name].items():
            plain = measures["plain_next_image_ms"][ms]["p95"]
            what = f"ms from key press to next image, p95, network delay {ms} ms{beside}"
            yield at_most(what, found["p95"], bar, f"plain page {plain:.0f}")
    blind = measures["blind"]
    in_order = blind["stored"] if blind["in_order"] else 0
    what = f"answers stored in order, of presses {EVERY_MS:g} ms apart"
    yield at_least(what, min(in_order, blind["distinct"]), blind["presses"])
    trouble = measures["trouble"]
    what = f"of {trouble['given']} answers through a killed server, a reload and a cut network, "
    yield at_most(f"{what}lost", trouble["lost"], 0)
    yield at_most(f"{what}stored twice", trouble["twice"], 0)
    yield at_least("the page says how many are pending meanwhile", trouble["pending_told"], 1)


def _percentiles(times: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(times, (50, 95))
    return {"n": len(times), "p50": float(p50), "p95": float(p95), "worst": max(times)}
