"""Kills during exports, learning, fusing, comparing, promoting and rolling back: nothing half-done
may be seen.

The part ``kills`` of `benchmarks.learning`. A process does what waits among the jobs, or promotes a
challenger and rolls back again and again, and is killed at a random moment. After each kill the
deployment is opened as the next start would: its log and files must hold, each checkpoint that can
be seen must load, each export have all its rows, and the detector in force must be that of before,
unless it is what was being changed. In the end all jobs are let run to their end. Quick: fewer
kills.

``python -m benchmarks.learning_kills``: imports everything, which takes seconds, then forks such a
process for each line of stdin, and tells its process id.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from benchmarks.outcome import Row, at_least, at_most
from review_app.bootstrap import Application, open_application
from review_app.cli.job_functions import JOB_FUNCTIONS
from review_app.core.permissions import Person
from review_app.core.settings import DEFAULT_CHECKPOINT, Settings
from review_app.durability import integrity
from review_app.inference.checkpoint import Checkpoint
from review_app.jobs.leases import new_runner
from review_app.jobs.work import work_off
from review_app.records.exports.job import export_parameters
from review_app.records.exports.kept import PLACE
from review_app.records.exports.request import ExportRequest
from storage.enums import JobKind, JobState
from tests.applications import Deployment, deployment
from tests.learning.conftest import Labelled

SEED: Final = 20261130
KILLS, QUICK_KILLS = 50, 10
LABELS: Final = 60
LIGHT: Final = DEFAULT_CHECKPOINT.parent / "faces"
DECIDE: Final = "decide"
LASTS: Final = {"learn": 1.5, "export": 0.1, "fuse": 1.0, "compare": 0.5, DECIDE: 1.5}
"""Seconds from the beginning of the work to its end by a kill, at most: any moment of these."""


def measure(folder: Path, quick: bool) -> Row:
    """What was found after each kill."""
    kills, rng = QUICK_KILLS if quick else KILLS, random.Random(SEED)
    with deployment(folder, checkpoint=LIGHT) as place:
        admin = _filled(place)
        known = _findings(place.app)
    found: Counter[str] = Counter()
    begun = time.perf_counter()
    with _launcher(folder / "data") as processes:
        for number in range(kills):
            what = list(LASTS)[number % len(LASTS)]
            found.update(
                _killed(folder, admin, known, processes, what, rng.uniform(0, LASTS[what]))
            )
    with _opened(folder / "data") as app:
        _roll_back(app, admin)
        while _give_all_back(app, admin):  # those of one kind one after the other
            work_off(app.jobs.leases, JOB_FUNCTIONS, app, new_runner())
        ended = Counter(row.state.value for row in app.jobs.newest(1000))
        found["broken"] += len(_findings(app) - known)
    return {
        "kills": kills,
        "seconds": round(time.perf_counter() - begun, 1),
        **{name: found[name] for name in ("in_the_middle", "broken", "half_done", "changed")},
        "jobs": dict(ended),
    }


def bars(found: Row, quick: bool) -> Iterator[Row]:
    """Nothing broken, nothing half-done, the champion in force, and all work done in the end."""
    where = f"{found['kills']} kills, {found['in_the_middle']} of them in the middle of something"
    yield at_most(f"faults of the log or of files ({where})", found["broken"], 0)
    yield at_most(
        "checkpoints and exports that can be seen and are not whole", found["half_done"], 0
    )
    yield at_most("times that another detector was in force", found["changed"], 0)
    share = found["jobs"].get(JobState.DONE.value, 0) / sum(found["jobs"].values())
    yield at_least("share of the jobs that ended well", share, 1)


def _filled(place: Deployment) -> Person:
    """An admin of a deployment with labels, and a challenger that was compared."""
    labelled = Labelled(place, Checkpoint.load(LIGHT))
    for number in range(LABELS):
        item = labelled.add(number % 2 == 1)
        place.factory.decision(item, policy_version=place.app.policies.current().version)
    admin = place.factory.admin("ada")
    place.app.jobs.submit(admin, JobKind.LEARN, {"name": "first"})
    work_off(place.app.jobs.leases, JOB_FUNCTIONS, place.app, new_runner())
    assert all(row.state is JobState.DONE for row in place.app.jobs.newest())
    return admin


def _killed(
    folder: Path, admin: Person, known: set[str], processes: _Processes, what: str, after: float
) -> dict[str, int]:
    """What is found after a process that does ``what`` was killed ``after`` so many seconds."""
    with _opened(folder / "data") as app:
        if what != DECIDE:
            _roll_back(app, admin)
            _ask(app, admin, JobKind(what))
        before = app.policies.current()
    runner = new_runner()
    process = processes.start(what, runner)
    _wait_until_begun(folder / "data" / "review.db", runner, what)
    time.sleep(after)
    processes.kill(process)
    with _opened(folder / "data") as app:
        left = app.jobs.leases.give_back(runner)
        now = app.policies.current()
        app.detectors.detector(now.checkpoint)
        return {
            "in_the_middle": bool(left) or what == DECIDE,
            "broken": len(_findings(app) - known),
            "half_done": _half_done(folder / "data"),
            "changed": what != DECIDE and now != before,
        }


def _wait_until_begun(database: Path, runner: str, what: str) -> None:
    """The process has taken a job, or has opened everything."""
    if what == DECIDE:
        time.sleep(0.2)
        return
    end = time.monotonic() + 30
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as reader:
        taken = "SELECT 1 FROM job WHERE runner = ?"
        while not reader.execute(taken, (runner,)).fetchone() and time.monotonic() < end:
            time.sleep(0.01)


def _ask(app: Application, admin: Person, kind: JobKind) -> None:
    """Have a job of the kind wait, if none does."""
    _give_all_back(app, admin)
    if any(row.kind is kind and row.state is JobState.QUEUED for row in app.jobs.newest(1000)):
        return
    policy, challenger = app.policies.current(), _challenger(app)
    members = [f"{policy.checkpoint}:{policy.head}", f"{challenger}:updated"]
    parameters: dict[JobKind, dict[str, Any]] = {
        JobKind.LEARN: {},
        JobKind.EXPORT: export_parameters(ExportRequest(), admin.name),
        JobKind.FUSE: {"name": f"fused-{new_runner()[:8]}", "members": members},
        JobKind.COMPARE: {"challenger": challenger, "head": "updated"},
    }
    app.jobs.submit(admin, kind, parameters[kind])


def _challenger(app: Application) -> str:
    """The challenger that the first job made."""
    return str((app.jobs.get(1).result or {})["checkpoint"])


def _roll_back(app: Application, admin: Person) -> None:
    """Have the champion of the beginning in force: nobody compares a detector with itself."""
    if app.policies.current().checkpoint == _challenger(app):
        app.promotions.roll_back(admin, "")


def _give_all_back(app: Application, admin: Person) -> bool:
    """What failed since it was killed three times waits again; whether anything waits."""
    for row in app.jobs.newest(1000):
        is_open = any(
            other.kind is row.kind and other.state is JobState.QUEUED
            for other in app.jobs.newest(1000)
        )
        if row.state is JobState.FAILED and not is_open:
            assert row.error is not None
            assert "before the work did" in row.error, row.error
            app.jobs.again(admin, row.id)
    return any(row.state is JobState.QUEUED for row in app.jobs.newest(1000))


def _half_done(data: Path) -> int:
    """Folders that anybody would take for a checkpoint or an export and that are not whole."""
    wrong = 0
    for folder in (data / "checkpoints").glob("[!.]*"):
        try:
            Checkpoint.load(folder)
        except Exception:  # whatever it is, it can be seen
            wrong += 1
    for folder in (data / "exports").glob("[!.]*"):
        if re.fullmatch(PLACE, folder.name):
            lines = (folder / "images.csv").read_text(encoding="utf-8").splitlines()
            wrong += len(lines) != LABELS + 1
    return wrong


def _findings(app: Application) -> set[str]:
    """What `db check` finds; at first, that the queue was filled past the program."""
    return {finding.text for finding in integrity.check(app.database).findings}


@contextmanager
def _opened(folder: Path) -> Iterator[Application]:
    app = open_application(Settings(data_dir=folder, checkpoint=LIGHT))
    try:
        yield app
    finally:
        app.close()


class _Processes:
    """The other side: starts a process over a folder, and kills it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, what: str, runner: str) -> int:
        """Start one; its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, runner]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def kill(self, process: int) -> None:
        """SIGKILL; returns once the process is gone."""
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            while True:
                os.kill(process, 0)
                time.sleep(0.005)


@contextmanager
def _launcher(folder: Path) -> Iterator[_Processes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.learning_kills", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield _Processes(process)
        finally:
            process.terminate()


def main() -> None:
    """Import, then fork a process for each line."""
    import review_app.learning.job
    import review_app.learning.learning  # noqa: F401 - what takes so long

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that were killed
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _do(Path(sys.argv[1]), *json.loads(line))
        print(child, flush=True)


def _do(folder: Path, what: str, runner: str) -> None:
    """Work off the jobs, or change the detector in force again and again."""
    try:
        with _opened(folder) as app:
            if what != DECIDE:
                work_off(app.jobs.leases, JOB_FUNCTIONS, app, runner)
                os._exit(0)
            challenger = _challenger(app)
            account = next(each for each in app.people.all() if each.name == "ada")
            admin = Person(account.id, account.name, account.role)
            while True:
                if app.policies.current().checkpoint == challenger:
                    app.promotions.roll_back(admin, "")
                else:
                    app.promotions.promote(admin, challenger, "")
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
