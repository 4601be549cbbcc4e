"""Triage of what is stored already: no image is opened, and the database is what remains.

``python -m benchmarks.retriage [--quick] [--json] [PART ...]``; exit 1 when a bar does not hold.

``policy``: items with stored predictions of every head under a new policy; ``heads``: items whose
projections are stored under a detector that has not scored them, every head of the shipped
checkpoint; ``file``: a score file taken in and triaged. Each beside the obvious way, one at a time,
on a sample in the same run; ``policy`` also beside the floor, the same rows by a few bare
statements over the same tables, indexes and triggers. ``memory``: what the largest triage takes at
its peak, in processes of their own, beside that of 1,000 images. Seconds of the processor are those
of both cores together; on a busy machine they tell more than the others.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks import one_by_one
from benchmarks.cached_queue import fill_cached, judge_one_by_one
from benchmarks.intake import SAMPLE as SAMPLE_OF_ROWS
from benchmarks.intake import one_by_one as rows_one_by_one
from benchmarks.intake import write_file
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
from benchmarks.scored_queue import ACTOR, certify, fill, opened
from review_app.bootstrap import Application
from review_app.core.collector import left_alone
from review_app.core.secret import deployment_secret
from storage.enums import ItemState

ITEMS, QUICK_ITEMS = 100_000, 8_000
ROWS, QUICK_ROWS = 1_000_000, 20_000
MOST, QUICK_MOST = 50_000, 4_000
FEW = 1_000
SAMPLE = 200
"""Items that the obvious way takes."""
ITEMS_PER_SECOND = 20_000.0
SECONDS_PER_MILLION = 90.0
GROWTH = 1.05
FLOOR = (
    "INSERT INTO decision (item_id, policy_version, checkpoint_id, head, route, reasons, p_fake, "
    "std, entropy, mutual_information, score, novelty, audited, audit_probability, "
    "inclusion_probability, decided_at) "
    "SELECT item.id, 1, checkpoint_id, head, 'accept_real', '[]', p_fake, std, entropy, "
    "mutual_information, score, novelty, 0, 0.05, 0.05, state_since FROM item "
    "JOIN prediction ON prediction.image_id = item.image_id AND head = :head "
    "WHERE item.id BETWEEN :first AND :last",
    "UPDATE OR ROLLBACK item SET state = 'auto_accepted', state_since = datetime('now') "
    "WHERE id BETWEEN :first AND :last",
)
"""The least that is written of an item: its decision, and that it is accepted."""
PAGE = 4000


def timed(work: Callable[[], int]) -> Row:
    """Seconds on the clock and of the processor, and how many items ``work`` says it did."""
    with left_alone():  # as a command has it, and a server
        clock, cpu = time.perf_counter(), time.process_time()
        n = work()
    seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
    return {"items": n, "seconds": seconds, "cpu_seconds": cpu, "items_per_second": n / seconds}


def policy(quick: bool, folder: Path) -> Row:
    """A new policy over items with stored predictions."""
    n = QUICK_ITEMS if quick else ITEMS
    with opened(folder) as app:
        fill(app, n)
        head = app.policies.current().head
        first = timed(lambda: app.triage.run(ACTOR).scored)
        certify(app)
        with app.database.read() as repos:
            waiting = [item.id for item in repos.items.in_state(ItemState.IN_REVIEW, SAMPLE)]
        slow = timed(lambda: _baseline(app, waiting, folder))
        floor = _floor(folder, head, n)
        again = timed(lambda: app.triage.retriage(ACTOR).scored)
    return {"first": first, "again": again, "one_by_one": slow, "floor": floor}


def heads(quick: bool, folder: Path) -> Row:
    """All heads of a detector, over items whose projections are stored."""
    n = QUICK_ITEMS if quick else ITEMS
    with opened(folder) as app:
        fill_cached(app, n)
        slow = timed(lambda: judge_one_by_one(app, range(1, SAMPLE + 1)))
        stored = timed(lambda: app.triage.run(ACTOR).scored)
    return {"stored": stored, "one_by_one": slow}


def file(quick: bool, folder: Path) -> Row:
    """A score file, taken in and triaged."""
    n = QUICK_ROWS if quick else ROWS
    path = folder / "scores.csv"
    write_file(path, n)
    with opened(folder / "baseline") as app:
        slow = timed(lambda: _sample_of_rows(app, path))
    with opened(folder / "data") as app:
        taken = timed(lambda: app.scores.ingest(path, ACTOR).rows)
        triaged = timed(lambda: app.triage.run(ACTOR).scored)
    return {"taken": taken, "triaged": triaged, "one_by_one": slow}


def memory(quick: bool, folder: Path) -> Row:
    """Peak memory in MiB of triage by number of images."""
    peaks = {}
    for n in (FEW, QUICK_MOST if quick else MOST):
        place = folder / str(n)
        with opened(place) as app:
            fill_cached(app, n)
        command = [sys.executable, "-m", "benchmarks.retriage", "--peak", str(place)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks[str(n)] = json.loads(told.stdout)
    return {"peak_mib": peaks}


def peak(folder: Path) -> float:
    """The peak of this process, after it triaged what is pending in ``folder``."""
    with opened(folder) as app:
        app.triage.run(ACTOR)
    status = Path("/proc/self/status").read_text()  # getrusage tells of the process before, too
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


PARTS = {"policy": policy, "heads": heads, "file": file, "memory": memory}


def report(measures: Row, quick: bool) -> Row:
    """The document that ``--json`` prints."""
    bars: list[Row] = []
    if "policy" in measures:
        found = measures["policy"]
        floor = f"the floor {found['floor']['items'] / found['floor']['cpu_seconds']:,.0f} of one"
        bars.append(_rate("a new policy", found["again"], found["one_by_one"], floor))
    if "heads" in measures:
        found = measures["heads"]
        bars.append(_rate("all heads", found["stored"], found["one_by_one"], "projections stored"))
    if "file" in measures:
        found = measures["file"]
        n = found["taken"]["items"]
        bar = SECONDS_PER_MILLION * n / ROWS
        slow = found["one_by_one"]["items_per_second"]
        seconds = found["taken"]["seconds"] + found["triaged"]["seconds"]
        what = f"seconds for a score file of {n:,} rows and its triage"
        bars.append(at_most(what, seconds, bar, f"{n / seconds / slow:.1f} x one row at a time"))
    if "memory" in measures:
        few, most = measures["memory"]["peak_mib"].values()
        what = "times the memory of 1,000 images for all of them"
        bars.append(at_most(what, most / few, GROWTH, f"{few:.0f} and {most:.0f} MiB"))
    return document("retriage", quick, measures, bars, PYTHON, f"SQLite {sqlite3.sqlite_version}")


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    if sys.argv[1:2] == ["--peak"]:
        sys.stdout.write(json.dumps(peak(Path(sys.argv[2]))))
        return 0
    parser = arguments(__doc__, f"{QUICK_ITEMS:,} items, {QUICK_ROWS:,} rows")
    options, names = parts_asked(parser, PARTS)
    measures: Row = {}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            measures[name] = PARTS[name](options.quick, Path(folder))
    return finish(report(measures, options.quick), options.json, tell_bars)


def _rate(what: str, ours: Row, slow: Row, beside: str) -> Row:
    times = ours["items_per_second"] / slow["items_per_second"]
    cpu = ours["items"] / ours["cpu_seconds"]
    told = f"{times:.0f} x one at a time; {cpu:,.0f} a second of one core; {beside}"
    return at_least(f"items/s, {what}", ours["items_per_second"], ITEMS_PER_SECOND, told)


def _baseline(app: Application, item_ids: list[int], folder: Path) -> int:
    one_by_one.retriage(app, item_ids, deployment_secret(folder))
    return len(item_ids)


def _sample_of_rows(app: Application, path: Path) -> int:
    rows_one_by_one(app, path)
    return SAMPLE_OF_ROWS


def _floor(folder: Path, head: str, n: int) -> Row:
    """The least that is written, page by page, in a copy of the database."""
    copy = folder / "floor.db"
    with closing(sqlite3.connect(folder / "review.db")) as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(folder / "review.db", copy)

    def write() -> int:
        for first in range(1, n + 1, PAGE):
            driver.execute("BEGIN IMMEDIATE")
            for statement in FLOOR:
                driver.execute(statement, {"first": first, "last": first + PAGE - 1, "head": head})
            driver.execute("COMMIT")
        return n

    with closing(sqlite3.connect(copy, isolation_level=None)) as driver:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            driver.execute(f"PRAGMA {pragma}")
        return timed(write)


if __name__ == "__main__":
    sys.exit(main())
