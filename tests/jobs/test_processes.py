"""Jobs in real processes: none is lost, none runs twice, whatever is killed and whenever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from review_app.bootstrap import Application
from review_app.cli.job_worker import told
from review_app.core.permissions import Person
from review_app.jobs.runner import GRACE, JobRunner
from storage.enums import JobKind, JobState
from storage.models import JobRow
from storage.types import utc_now
from tests.applications import deployment
from tests.jobs.waiting import PATIENCE, wait_for
from tests.jobs.worker import COMMAND

ROOT = Path(__file__).parents[2]


@dataclass
class Place:
    """A data directory with jobs, and what tests do with them."""

    app: Application
    admin: Person
    folder: Path

    def counting(self) -> int:
        """Ask for a job that goes on until `let_go`."""
        names = {"log": str(self.folder / "log"), "go": str(self.folder / "go")}
        return self.app.jobs.submit(self.admin, JobKind.EXPORT, names)

    def let_go(self) -> None:
        (self.folder / "go").touch()

    @property
    def processes(self) -> list[int]:
        """Which processes began it, one after the other."""
        log = self.folder / "log"
        return [int(line) for line in log.read_text().splitlines()] if log.exists() else []

    def begun(self, times: int = 1) -> int:
        """The process that begins a job, as the ``times``-th; once it has begun."""
        wait_for(lambda: len(self.processes) >= times, f"process {times} begins a job")
        return self.processes[-1]

    def ended(self, job: int) -> JobRow:
        """The job, once it has ended."""
        open_states = (JobState.QUEUED, JobState.RUNNING)
        wait_for(lambda: self.app.jobs.get(job).state not in open_states, f"job {job} ends")
        return self.app.jobs.get(job)

    def runner(self, grace: float = GRACE) -> JobRunner:
        told_it = told(self.app.settings)
        return JobRunner(self.app.jobs.leases, COMMAND, told_it, pause=0, grace=grace)

    def outlive_leases(self) -> None:
        """Whatever lease there is has run out."""
        with self.app.database.write() as repos:
            for row in repos.jobs.open():
                if row.lease_until is not None:
                    row.lease_until = utc_now() - timedelta(seconds=1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with deployment(tmp_path) as found:
        yield Place(found.app, found.factory.admin(), tmp_path)


@pytest.fixture
def runner(place: Place) -> Iterator[JobRunner]:
    runner = place.runner()
    runner.start()
    yield runner
    runner.close()


@pytest.mark.usefixtures("runner")
def test_a_killed_process_and_a_raising_function_and_a_cancelled_job(place: Place) -> None:
    job = place.counting()
    os.kill(place.begun(), signal.SIGKILL)
    second = place.begun(2)
    assert second != place.processes[0]
    wait_for(lambda: place.app.jobs.get(job).done > 1, "the progress is stored")
    running = place.app.jobs.get(job)
    assert (running.state, running.attempts, running.total) == (JobState.RUNNING, 2, 1000)

    failing = place.app.jobs.submit(place.admin, JobKind.COMPARE, {})
    refused = place.app.jobs.submit(place.admin, JobKind.COMPARE, {"known": True})
    unknown = place.app.jobs.submit(place.admin, JobKind.FUSE, {})
    assert place.app.jobs.get(failing).state is JobState.QUEUED, "one at a time"

    place.app.jobs.cancel(place.admin, job)
    assert place.ended(job).state is JobState.CANCELLED
    assert (place.folder / "log.cleared").exists(), "the function cleared away what it had begun"
    errors = [place.ended(each).error for each in (failing, refused, unknown)]
    assert errors == [
        "ValueError: first line",
        "there are 3 labels, and it takes 10",
        "this program does no jobs of the kind fuse",
    ]

    place.let_go()
    place.app.jobs.again(place.admin, job)
    done = place.ended(job)
    assert (done.state, done.result, done.error) == (JobState.DONE, {"items": 0}, None)


def test_a_killed_server_takes_its_process_along_and_the_next_one_goes_on(place: Place) -> None:
    job = place.counting()
    command = [sys.executable, "-m", "tests.jobs.server", str(place.app.settings.data_dir)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=ROOT)
    process = place.begun()
    server.kill()
    server.communicate(timeout=PATIENCE)
    wait_for(lambda: not is_alive(process), "the process ends with the server")
    assert place.app.jobs.get(job).state is JobState.RUNNING, "nobody was left to say so"
    assert not place.app.jobs.leases.is_due(), "it may be alive, for all that anybody knows"
    place.outlive_leases()

    runner = place.runner()
    runner.start()
    second = place.begun(2)
    runner.close()
    assert not is_alive(second)
    given_back = place.app.jobs.get(job)
    assert (given_back.state, given_back.attempts) == (JobState.QUEUED, 1)


def test_a_job_that_hears_of_nothing_is_cancelled_all_the_same(place: Place) -> None:
    runner = place.runner(grace=0)
    runner.start()
    job = place.app.jobs.submit(place.admin, JobKind.LEARN, {"log": str(place.folder / "log")})
    process = place.begun()
    place.app.jobs.cancel(place.admin, job)
    assert place.ended(job).state is JobState.CANCELLED
    assert not is_alive(process)
    runner.close()


def test_two_servers_do_each_job_once(place: Place) -> None:
    place.let_go()
    jobs = [place.counting() for _ in range(4)]
    runners = [place.runner(), place.runner()]
    for runner in runners:
        runner.start()
    assert [place.ended(job).state for job in jobs] == [JobState.DONE] * 4
    for runner in runners:
        runner.close()
    assert len(place.processes) == 4
    assert [place.app.jobs.get(job).attempts for job in jobs] == [1] * 4


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
