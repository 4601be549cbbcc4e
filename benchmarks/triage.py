"""Triage of a million scored items on SQLite: how long it takes, and whom it holds up.

``python -m benchmarks.triage [--quick] [--json]``; exit 1 when a bar does not hold. A queue of
made-up images with stored scores goes through the real services: first triage under a policy that
is learning, then again under one that is certified on both sides, while reviewers take and answer
in a thread and in another process. Baseline: the obvious way (`benchmarks.one_by_one`) on a sample
of the same items. ``--quick`` takes 50,000 items and a bar in proportion.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import sqlalchemy
from numpy.typing import NDArray

from benchmarks import one_by_one
from benchmarks.outcome import PYTHON, Row, arguments, at_most, document, finish
from benchmarks.scored_queue import ACTOR, certify, fakes, fill, opened, reviewer
from review_app.bootstrap import Application
from review_app.core.permissions import Person
from review_app.core.secret import deployment_secret
from review_app.review.tasks import AnswerInput
from storage.enums import ItemState, LabelValue
from storage.repositories.triage_candidates import TriageCandidates

FULL, QUICK = 1_000_000, 50_000
SAMPLE = 1_000
"""Items that the baseline takes."""
SECONDS_PER_MILLION = 60.0
WAIT = 1.0
"""Seconds: 95% of answers, each with the taking of the next image, take at most as long."""
PAUSE = 0.05
"""Seconds between a reviewer's answers."""


@dataclass
class Answers:
    """A reviewer who takes an image and answers, again and again."""

    app: Application
    person: Person
    truth: NDArray[np.bool_]
    seconds: list[float] = field(default_factory=list)

    def give(self) -> None:
        """One image, one answer; timed together."""
        clock = time.perf_counter()
        (task,) = self.app.review.take(self.person)
        took = time.perf_counter() - clock
        item_id = self.app.review.image_of(self.person, task.item_id)
        assert item_id is not None
        value = LabelValue.FAKE if self.truth[item_id - 1] else LabelValue.REAL
        answer = AnswerInput(client_id=uuid4().hex, item_id=task.item_id, value=value)
        clock = time.perf_counter()
        self.app.review.label(self.person, answer)
        self.seconds.append(took + time.perf_counter() - clock)
        time.sleep(PAUSE)


@contextmanager
def reviewing(app: Application, folder: Path, n: int) -> Iterator[dict[str, list[float]]]:
    """Reviewers at work meanwhile, in a thread of this process and in another process; afterwards,
    the seconds of their answers."""
    found: dict[str, list[float]] = {}
    here = Answers(app, reviewer(app, "in a thread"), fakes(n))
    done = threading.Event()

    def work() -> None:
        while not done.is_set():
            here.give()

    command = [sys.executable, "-m", "benchmarks.triage", "--review", str(folder), str(n)]
    there = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert there.stdout is not None
    there.stdout.readline()  # it is at work
    thread = threading.Thread(target=work)
    thread.start()
    yield found
    done.set()
    thread.join()
    told, _ = there.communicate("enough\n")
    found |= {"thread": here.seconds, "process": json.loads(told)}


def review(folder: Path, n: int) -> None:
    """The reviewer in the other process: at work until a line comes in."""
    enough = threading.Event()

    def wait() -> None:
        sys.stdin.readline()
        enough.set()

    threading.Thread(target=wait, daemon=True).start()
    with opened(folder) as app:
        answers = Answers(app, reviewer(app, "in a process"), fakes(n))
        answers.give()
        answers.seconds.clear()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while not enough.is_set():
            answers.give()
    sys.stdout.write(json.dumps(answers.seconds))


def measure(n: int, folder: Path) -> dict[str, Any]:
    """Seconds, speeds and waits of ``n`` items."""
    measures: dict[str, Any] = {"items": n}
    with opened(folder) as app:
        clock = time.perf_counter()
        fill(app, n)
        measures["fill_seconds"] = time.perf_counter() - clock
        clock = time.perf_counter()
        assert app.triage.run(ACTOR).scored == n
        measures["first"] = _speed(n, time.perf_counter() - clock)
        certify(app)
        sample = _sample(app)
        baseline = one_by_one.retriage(app, sample, deployment_secret(folder))
        measures["one_by_one"] = _speed(len(sample), baseline)
        with reviewing(app, folder, n) as waits:
            clock, cpu = time.perf_counter(), time.process_time()
            report = app.triage.retriage(ACTOR)
            seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
        assert app.triage.retriage(ACTOR).scored == 0, "something was left undecided"
        measures["again"] = _speed(report.scored, seconds)
        measures["again"] |= {
            "accepted": report.auto_accepted,
            "to_review": report.to_review,
            "cpu_seconds": cpu,  # of this process: far fewer than seconds on a machine that is busy
        }
        measures["answers"] = {
            who: {"n": len(times), "p50": _percentile(times, 50), "p95": _percentile(times, 95)}
            for who, times in waits.items()
        }
        measures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        measures["database_mib"] = (folder / "review.db").stat().st_size / 2**20
        with app.database.read() as repos:
            assert repos.batches.first_broken() is None, "the decisions are not as they were sealed"
    return measures


def report(measures: Row, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    slow = measures["one_by_one"]["items_per_second"]
    bars = [
        at_most(
            f"seconds for {measures['again']['items']:,} items under a new policy",
            measures["again"]["seconds"],
            SECONDS_PER_MILLION * measures["items"] / FULL,
            f"{slow:,.0f} items/s, one at a time",
        ),
        *(
            at_most(
                f"seconds that 95% of answers took meanwhile, in {where}",
                measures["answers"][who]["p95"],
                WAIT,
                f"median {measures['answers'][who]['p50']:.3f}",
            )
            for who, where in (("thread", "the same process"), ("process", "another process"))
        ),
    ]
    return document("triage", quick, measures, bars, PYTHON, f"SQLAlchemy {sqlalchemy.__version__}")


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, f"{QUICK:,} items")
    parser.add_argument("--review", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.review is not None:
        review(Path(options.review[0]), int(options.review[1]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        measures = measure(QUICK if options.quick else FULL, Path(folder))
    return finish(report(measures, options.quick), options.json, _tell)


def _sample(app: Application) -> list[int]:
    policy = app.policies.current()
    with app.database.read() as repos:
        waiting = TriageCandidates(
            repos.session,
            ItemState.IN_REVIEW,
            policy.version,
            policy.checkpoint,
            policy.head,
            (0, 1),
        )
        sample: list[int] = waiting.after(0, SAMPLE).item_id.tolist()
        return sample


def _speed(items: int, seconds: float) -> dict[str, float]:
    return {"items": items, "seconds": seconds, "items_per_second": items / seconds}


def _percentile(values: list[float], q: float) -> float:
    return float(np.percentile(values, q))


def _tell(found: Row) -> None:
    measures = found["measures"]
    for name, what in (
        ("first", "first triage"),
        ("again", "triage again"),
        ("one_by_one", "one by one"),
    ):
        row = measures[name]
        print(f"{what:14} {row['items']:>9,} items {row['seconds']:8.1f} s", end=" ")
        ratio = row["items_per_second"] / measures["one_by_one"]["items_per_second"]
        print(f"{row['items_per_second']:10,.0f} items/s {ratio:6.1f} x")
    for who, row in measures["answers"].items():
        print(f"answers in a {who:8} {row['n']:6,}", end=" ")
        print(f"median {row['p50']:.3f} s, p95 {row['p95']:.3f} s")
    print(f"memory {measures['peak_mib']:.0f} MiB, database {measures['database_mib']:.0f} MiB")
    for bar in found["bars"]:
        print(f"{bar['what']}: {bar['value']:.2f} (bar {bar['bar']:g})")


if __name__ == "__main__":
    sys.exit(main())
