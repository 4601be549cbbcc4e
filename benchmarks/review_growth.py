"""The next item and its answer in a long queue, beside a short one: what one person waits for who
takes and answers one at a time, through the service, each call a transaction on the disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.outcome import Row, at_most
from benchmarks.review_site import account, fill
from benchmarks.scored_queue import opened
from review_app.bootstrap import Application
from review_app.core.permissions import Person
from review_app.review.tasks import AnswerInput
from storage.enums import LabelValue, Role

TIMES = 1.5
WARM_UP = 50
"""Calls first that are not measured."""
WHAT = ("next_item", "label")


def growth(folder: Path, short: int, long: int, calls: int) -> dict[str, Any]:
    """Percentiles of ms, of so many calls of each kind, by the length of the queue. Both queues in
    turn, so that a busy machine disturbs them alike."""
    with ExitStack() as stack:
        queues = {}
        for n in (short, long):
            app = stack.enter_context(opened(folder / f"queue-{n}"))
            fill(app, n, needed_labels=1, files=False)
            queues[n] = Looker(app)
        for number in range(WARM_UP + calls):
            for looker in queues.values():
                looker.look(number, counts=number >= WARM_UP)
    return {str(n): looker.percentiles() for n, looker in queues.items()}


class Looker:
    """One person at one queue."""

    def __init__(self, app: Application) -> None:
        self._review = app.review
        self._person = Person(account(app, "looker"), "looker", Role.REVIEWER)
        self._took: list[tuple[float, float]] = []

    def look(self, number: int, *, counts: bool) -> None:
        """Take an item and answer it."""
        start = time.perf_counter()
        (task,) = self._review.take(self._person)
        taken = time.perf_counter()
        answer = AnswerInput(
            client_id=f"answer-{number:06}", item_id=task.item_id, value=LabelValue.REAL
        )
        self._review.label(self._person, answer)
        if counts:
            self._took.append((taken - start, time.perf_counter() - taken))

    def percentiles(self) -> dict[str, dict[str, float]]:
        """The 50th and 99th percentile of each, in ms."""
        p50, p99 = np.percentile(np.array(self._took) * 1000, (50, 99), axis=0)
        return {what: {"p50": float(p50[i]), "p99": float(p99[i])} for i, what in enumerate(WHAT)}


def growth_bars(measures: dict[str, Any]) -> Iterator[Row]:
    """The bars of what `growth` measures."""
    (short, few), (long, many) = measures["growth"].items()
    for what in WHAT:
        name = f"{what.replace('_', ' ')}, p99: times at {int(long):,} items what at {int(short):,}"
        told = f"{many[what]['p99']:.1f} ms and {few[what]['p99']:.1f}"
        yield at_most(name, many[what]["p99"] / few[what]["p99"], TIMES, told)
