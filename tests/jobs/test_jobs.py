"""Jobs in the database: who holds one, how it may go on, and what people may do with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from review_app.core.errors import (
    BusyError,
    ConflictError,
    JobCancelled,
    NotAllowedError,
    NotFoundError,
)
from review_app.core.permissions import Person
from review_app.core.progress import Progress
from review_app.jobs.heartbeat import Heartbeat
from review_app.jobs.leases import LEASE, TakenJob
from review_app.jobs.service import JobService
from review_app.jobs.work import JobFunction, work_off
from storage.database import Database
from storage.enums import JobKind, JobState
from storage.errors import TransitionError
from storage.job_states import STEPS, require_step
from storage.repositories.jobs import MAX_ATTEMPTS, SPARED, JobProgress
from storage.types import utc_now


@pytest.fixture
def jobs(database: Database) -> JobService:
    return JobService(database, kept=1000)


def only(function: JobFunction) -> dict[JobKind, JobFunction]:
    return {JobKind.EXPORT: function}


def tell_for_ever(progress: Progress) -> None:
    while True:
        progress(1, None)
        sleep(0.01)


def taken(jobs: JobService, runner: str = "one") -> TakenJob:
    job = jobs.leases.take(runner)
    assert job is not None
    return job


@pytest.mark.parametrize("before", JobState)
@pytest.mark.parametrize("after", JobState)
def test_a_job_goes_where_it_may_and_nowhere_else(before: JobState, after: JobState) -> None:
    if after in STEPS[before]:
        require_step(before, after)
        return
    with pytest.raises(TransitionError, match=f"is {before} cannot become {after}"):
        require_step(before, after)


def test_only_one_process_holds_a_job_and_the_oldest_comes_first(
    jobs: JobService, root: Person
) -> None:
    first, second = (jobs.submit(root, JobKind.EXPORT, {"n": n}) for n in (1, 2))
    assert jobs.leases.is_due()
    job = taken(jobs)
    assert (job.id, job.parameters) == (first, {"n": 1})
    assert not jobs.leases.is_due()
    assert jobs.leases.take("two") is None
    assert jobs.leases.end(job, JobState.DONE, {"rows": 3})
    assert jobs.get(first).result == {"rows": 3}
    assert taken(jobs, "two").id == second


def test_a_lease_that_ran_out_is_lost_to_who_had_it(
    jobs: JobService, root: Person, database: Database
) -> None:
    job_id = jobs.submit(root, JobKind.EXPORT, {})
    slow = taken(jobs, "slow")
    late = utc_now() + 2 * LEASE
    with database.write() as repos:
        assert repos.jobs.is_due(late)
        row = repos.jobs.take("fast", late, late + LEASE)
        assert row is not None
        assert (row.id, row.attempts) == (job_id, 2)
    assert jobs.leases.renew(slow, JobProgress(5, 9)) is None
    assert not jobs.leases.end(slow, JobState.DONE, {"rows": 1})
    assert jobs.get(job_id).state is JobState.RUNNING
    with Heartbeat(jobs.leases, slow, beat=0.01) as heart, pytest.raises(JobCancelled):
        tell_for_ever(heart.progress)


def test_a_job_that_cannot_be_kept_for_long_is_given_up(
    jobs: JobService, root: Person, tmp_path: Path
) -> None:
    jobs.submit(root, JobKind.EXPORT, {})
    job = taken(jobs)
    (tmp_path / "review.db").rename(tmp_path / "elsewhere.db")
    with (
        Heartbeat(jobs.leases, job, beat=0.01, patience=0.1) as heart,
        pytest.raises(JobCancelled),
    ):
        tell_for_ever(heart.progress)


def test_what_ends_three_processes_has_failed(jobs: JobService, root: Person) -> None:
    job_id = jobs.submit(root, JobKind.EXPORT, {})
    for attempt in range(1, MAX_ATTEMPTS + 1):
        taken(jobs, f"runner {attempt}")
        assert jobs.leases.give_back(f"runner {attempt}") == [job_id]
    row = jobs.get(job_id)
    assert row.state is JobState.FAILED
    assert "ended 3 times" in (row.error or "")
    row = jobs.again(root, job_id)
    assert (row.state, row.attempts, row.error) == (JobState.QUEUED, 0, None)


def test_an_interrupted_process_gives_its_job_back_and_it_counts_for_nothing(
    jobs: JobService, root: Person
) -> None:
    def interrupted(_app: Any, _parameters: dict[str, Any], _progress: Progress) -> dict[str, Any]:
        raise KeyboardInterrupt

    job_id = jobs.submit(root, JobKind.EXPORT, {})
    with pytest.raises(KeyboardInterrupt):
        work_off(jobs.leases, only(interrupted), None, "one")
    row = jobs.get(job_id)
    assert (row.state, row.attempts, row.runner) == (JobState.QUEUED, 0, None)


def test_a_job_is_cancelled_while_it_waits_or_when_its_function_hears_of_it(
    jobs: JobService, root: Person
) -> None:
    waiting = jobs.submit(root, JobKind.EXPORT, {})
    assert jobs.cancel(root, waiting).state is JobState.CANCELLED
    running = jobs.submit(root, JobKind.EXPORT, {})
    taken(jobs)
    assert jobs.cancel(root, running).cancel_asked
    assert jobs.cancel(root, running).cancel_asked, "twice is no mistake"
    jobs.leases.give_back("one")
    assert jobs.get(running).state is JobState.CANCELLED, "its process is gone: nobody begins again"


def test_a_result_that_json_cannot_hold_is_an_error(jobs: JobService, root: Person) -> None:
    def odd(_app: Any, _parameters: dict[str, Any], _progress: Progress) -> dict[str, Any]:
        return {"auroc": float("nan")}

    job_id = jobs.submit(root, JobKind.EXPORT, {})
    assert work_off(jobs.leases, only(odd), None, "one") == [job_id]
    assert (jobs.get(job_id).error or "").startswith("ValueError: ")


def test_who_may_ask_and_for_what(jobs: JobService, root: Person, ada: Person) -> None:
    with pytest.raises(NotAllowedError):
        jobs.submit(ada, JobKind.EXPORT, {})
    learning = jobs.submit(root, JobKind.LEARN, {})
    with pytest.raises(BusyError, match="learning"):
        jobs.submit(root, JobKind.LEARN, {})
    with pytest.raises(NotAllowedError):
        jobs.cancel(ada, learning)
    with pytest.raises(ConflictError, match="neither"):
        jobs.again(root, learning)
    with pytest.raises(NotFoundError, match="99"):
        jobs.get(99)
    job = taken(jobs)
    jobs.leases.end(job, JobState.DONE, {})
    with pytest.raises(ConflictError, match="has ended"):
        jobs.cancel(root, learning)
    with pytest.raises(ConflictError):
        jobs.again(root, learning)
    jobs.submit(root, JobKind.LEARN, {})


def test_pressing_twice_asks_once(jobs: JobService, root: Person) -> None:
    """What waits or runs is found, whoever asked; what is cancelled or other is not that."""
    wanted = {"challenger": "a", "by": "root"}
    first = jobs.ask(root, JobKind.COMPARE, wanted)
    assert first.is_new
    again = jobs.ask(root, JobKind.COMPARE, {**wanted, "by": "ada"})
    assert (again.id, again.is_new) == (first.id, False)
    assert jobs.ask(root, JobKind.COMPARE, {**wanted, "challenger": "b"}).is_new
    assert jobs.ask(root, JobKind.FUSE, wanted).is_new
    assert taken(jobs).id == first.id
    assert jobs.ask(root, JobKind.COMPARE, wanted).id == first.id
    jobs.cancel(root, first.id)
    assert jobs.ask(root, JobKind.COMPARE, wanted).is_new
    assert jobs.ask(root, JobKind.LEARN, {}).is_new
    with pytest.raises(BusyError, match="learning"):
        jobs.ask(root, JobKind.LEARN, {"name": "other"})


def test_what_ended_long_ago_is_forgotten_but_not_what_is_needed(
    database: Database, root: Person
) -> None:
    jobs = JobService(database, kept=5)

    def ended(kind: JobKind, state: JobState) -> int:
        asked = jobs.submit(root, kind, {})
        jobs.leases.end(taken(jobs), state)
        return asked

    learned = ended(JobKind.LEARN, JobState.FAILED)
    exports = [ended(JobKind.EXPORT, JobState.DONE) for _ in range(SPARED + 2)]
    failed = [ended(JobKind.COMPARE, JobState.FAILED) for _ in range(7)]
    waiting = jobs.submit(root, JobKind.FUSE, {})
    kept = {row.id for row in jobs.newest(1000)}
    assert kept == {learned, *exports[2:], *failed[2:], waiting}


def test_the_list_has_the_newest_and_whatever_has_not_ended(jobs: JobService, root: Person) -> None:
    ids = [jobs.submit(root, JobKind.EXPORT, {}) for _ in range(4)]
    jobs.cancel(root, ids[1])
    assert [row.id for row in jobs.newest(2)] == [ids[3], ids[2], ids[0]]


def test_progress_counts_each_step_by_itself(jobs: JobService, root: Person) -> None:
    job_id = jobs.submit(root, JobKind.EXPORT, {})
    job = taken(jobs)
    began = jobs.get(job_id).counting_since
    assert began is not None
    later = began + timedelta(minutes=1)
    jobs.leases.renew(job, JobProgress(5, 10, later))
    row = jobs.get(job_id)
    assert (row.done, row.total, row.counting_since) == (5, 10, later)
    jobs.leases.renew(job, JobProgress(6, 10))
    assert jobs.get(job_id).counting_since == later
