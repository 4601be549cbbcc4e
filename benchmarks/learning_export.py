"""Exports of a million items: rows a second, memory, and whom they hold up.

The part ``export`` of `benchmarks.learning`. Each format is written in a process of its own, as a
command does, by the services as they are; and as a job does, which stands back, while somebody
reviews. Memory is that of the process and of those it starts, each page shared out among all who
have it. Baseline, in the same run: a plain ``sqlite3`` cursor over one join of the same tables into
``csv.writer``. Quick: 100,000 items.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np

from benchmarks import learning_world
from benchmarks.outcome import Row, at_least, at_most
from benchmarks.scored_queue import opened, reviewer
from review_app.bootstrap import Application
from review_app.core.background import stand_back
from review_app.core.permissions import Person
from review_app.core.settings import Settings
from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.request import ExportKind, ExportRequest
from review_app.review.tasks import AnswerInput
from storage.enums import LabelValue

FULL: Final = (1_000_000, 200_000)
QUICK: Final = (100_000, 20_000)
ROWS_PER_SECOND: Final = {"parquet": 100_000, "csv": 60_000, "jsonl": 40_000}
OF_BASELINE, MEMORY_MIB, WAIT_RATIO = 0.5, 150, 2.0
IDLE_SECONDS: Final = 10.0
_PAUSE: Final = 0.02
_PLAIN: Final = """
SELECT image.id, image.sha256, coalesce(image.path, item.name), item.source, item.verdict,
  (SELECT count(*) FROM label WHERE label.item_id = item.id), user.pseudonym, label.labelled_at,
  d.p_fake, d.std, d.entropy, d.mutual_information, d.checkpoint_id, d.policy_version, d.route,
  d.inclusion_probability, d.audited, item.state, label.comment, d.score, d.novelty, d.mark,
  label.tags, label.escalation, label.regions, label.together, image.file_metadata, d.group_name
FROM item JOIN image ON image.id = item.image_id
LEFT JOIN decision d ON d.id = (SELECT max(id) FROM decision WHERE decision.item_id = item.id)
LEFT JOIN label ON label.id = (SELECT max(id) FROM label WHERE label.item_id = item.id)
LEFT JOIN user ON user.id = label.user_id
ORDER BY item.id
"""


def measure(folder: Path, quick: bool) -> Row:
    """Speed and memory of each format, and the waits of a reviewer."""
    items, labels = QUICK if quick else FULL
    world = folder / "world"
    with opened(world) as app:
        learning_world.fill(app, items, labels)
        baseline = _plain(world / "review.db", folder / "plain.csv")
        found = {form: _exported(world, form, folder) for form in _formats()}
        return {
            "items": items,
            "labels": labels,
            "plain_cursor": {"rows_per_second": items / baseline},
            "formats": found,
            "next_item": _waits(app, world, folder),
        }


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """Speeds, memory, and the wait for the next item."""
    plain = found["plain_cursor"]["rows_per_second"]
    for form, told in found["formats"].items():
        speed = told["rows_per_second"]
        of = f"a plain cursor {plain:,.0f}"
        yield at_least(f"{form}: rows a second", speed, ROWS_PER_SECOND[form], of)
        yield at_least(f"{form}: share of a plain cursor's speed", speed / plain, OF_BASELINE)
        above = f"idle {told['idle_mib']:.0f} MiB"
        yield at_most(f"{form}: MiB above idle", told["above_idle_mib"], MEMORY_MIB, above)
    waits = found["next_item"]
    told = f"idle {waits['idle_p95_ms']:.1f} ms, meanwhile {waits['export_p95_ms']:.1f} ms"
    ratio = waits["export_p95_ms"] / waits["idle_p95_ms"]
    yield at_most("next item p95 during an export, multiple of idle", ratio, WAIT_RATIO, told)


def _formats() -> list[str]:
    return [form.value for form in ExportFormat if form.value in ROWS_PER_SECOND]


def _plain(database: Path, out: Path) -> float:
    """Seconds of the obvious way."""
    clock = time.perf_counter()
    with sqlite3.connect(database) as connection, out.open("w", newline="") as file:
        csv.writer(file).writerows(connection.execute(_PLAIN))
    return time.perf_counter() - clock


def _exported(world: Path, form: str, folder: Path, by: str = "command") -> dict[str, Any]:
    """What a process that exports, as a command or as a job, tells of itself."""
    command = [sys.executable, "-m", "benchmarks.learning_export", str(world), form, str(folder)]
    command.append(by)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _waits(app: Application, world: Path, folder: Path) -> Row:
    """The 95th percentiles of the wait for the next item, without and with exports meanwhile."""
    person = reviewer(app, "next item")
    until = time.monotonic() + IDLE_SECONDS
    idle = _review(app, person, lambda: time.monotonic() < until)
    exports = threading.Thread(
        target=lambda: [_exported(world, form, folder, "job") for form in _formats()]
    )
    exports.start()
    busy = _review(app, person, exports.is_alive)
    exports.join()
    p95 = [float(np.percentile(seconds, 95)) * 1000 for seconds in (idle, busy)]
    return {"idle_p95_ms": p95[0], "export_p95_ms": p95[1], "n": [len(idle), len(busy)]}


def _review(app: Application, person: Person, going_on: Any) -> list[float]:
    """Take and answer one image after the other; the seconds that each was waited for."""
    seconds = []
    while going_on():
        clock = time.perf_counter()
        (task,) = app.review.take(person)
        seconds.append(time.perf_counter() - clock)
        said = AnswerInput(client_id=uuid4().hex, item_id=task.item_id, value=LabelValue.REAL)
        app.review.label(person, said)
        time.sleep(_PAUSE)
    return seconds


def _export(world: Path, form: str, folder: Path, by: str) -> None:
    """Export, and tell how long it took and how much memory it wanted."""
    if by == "job":
        stand_back(Settings(data_dir=world).reading_niceness)
    with opened(world) as app, _Memory() as memory:
        clock = time.perf_counter()
        request = ExportRequest(ExportKind(form))
        rows = app.exports.run(request, folder / f"labels.{form}")["rows"]
        seconds = time.perf_counter() - clock
    told = {"rows": rows, "seconds": seconds, "rows_per_second": rows / seconds}
    above = {"idle_mib": memory.idle, "above_idle_mib": memory.peak - memory.idle}
    sys.stdout.write(json.dumps({**told, **above}))


class _Memory:
    """The memory of this process and of those it starts, in MiB: at first, and at most."""

    def __enter__(self) -> _Memory:
        self.idle = self.peak = self._now()
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._done.wait(0.05):
            self.peak = max(self.peak, self._now())

    def _now(self) -> float:
        tasks = Path("/proc/self/task").glob("*/children")
        started = [number for task in tasks for number in task.read_text().split()]
        return sum(map(_proportional_mib, ["self", *started]))


def _proportional_mib(process: str) -> float:
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:  # it has ended
        return 0.0
    return int(rollup.partition("\nPss:")[2].split()[0]) / 1024 if rollup else 0.0


if __name__ == "__main__":
    _export(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4])
