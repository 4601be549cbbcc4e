"""Background jobs: asked for, done by one process at a time, ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from storage.enums import JobCause, JobKind, JobState
from storage.job_states import OPEN_STATES, require_step
from storage.models import JobRow
from storage.models.job import OPEN
from storage.repositories.portions import portions
from storage.types import utc_now

SPARED = 50
"""Jobs of each kind that are done and never forgotten: the newest; more than exports are kept."""
MAX_ATTEMPTS = 3
"""The number of processes that may go away in the middle of a job; then it has failed."""
GONE = (
    f"the process that worked on it ended {MAX_ATTEMPTS} times before the work did, perhaps for "
    "want of memory; the log of the server may say why. Ask for it again once that is mended"
)
"""Why such a job has failed."""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is."""

    done: int = 0
    total: int | None = None
    since: datetime | None = None
    """The time at which what is counted began."""


@dataclass(frozen=True)
class JobLease:
    """The right of one process to work on one job, as it has just been renewed."""

    cancel_asked: bool


class Jobs:
    """A repository of background jobs. At most one of them runs at any moment."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        kind: JobKind,
        parameters: dict[str, Any],
        asked_by: str,
        cause: JobCause = JobCause.HAND,
    ) -> int:
        """Queue a job; its id."""
        row = JobRow(
            kind=kind,
            parameters=parameters,
            state=JobState.QUEUED,
            asked_by=asked_by,
            cause=cause,
            asked_at=utc_now(),
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def add_done(
        self, kind: JobKind, parameters: dict[str, Any], by: str, result: dict[str, Any]
    ) -> int:
        """Keep what a command has done in a process of its own beside the jobs of its kind; the id
        that it gets."""
        now = utc_now()
        row = JobRow(
            kind=kind,
            parameters=parameters,
            state=JobState.DONE,
            asked_by=by,
            asked_at=now,
            ended_at=now,
            result=result,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def get(self, job_id: int) -> JobRow | None:
        """The job of this id."""
        return self._session.get(JobRow, job_id)

    def newest(self, most: int) -> list[JobRow]:
        """The newest jobs first, ``most`` of them; and whatever has not ended, however old."""
        rows = list(self._session.scalars(select(JobRow).order_by(JobRow.id.desc()).limit(most)))
        known = {row.id for row in rows}
        return rows + [row for row in reversed(self.open()) if row.id not in known]

    def open(self) -> list[JobRow]:
        """The jobs that have not ended, oldest first."""
        query = select(JobRow).where(text(OPEN)).order_by(JobRow.id)
        return list(self._session.scalars(query))

    def done(self, kind: JobKind) -> Iterator[JobRow]:
        """The jobs of a kind that came to their end, newest first."""
        query = select(JobRow).where(JobRow.kind == kind, JobRow.state == JobState.DONE)
        yield from self._session.scalars(query.order_by(JobRow.id.desc()))

    def last_of(self, kind: JobKind) -> JobRow | None:
        """The newest job of a kind, however it stands."""
        query = select(JobRow).where(JobRow.kind == kind).order_by(JobRow.id.desc()).limit(1)
        return self._session.scalar(query)

    def of_kind(self, kind: JobKind) -> list[JobRow]:
        """All jobs of a kind that are remembered, oldest first."""
        return list(
            self._session.scalars(select(JobRow).where(JobRow.kind == kind).order_by(JobRow.id))
        )

    def is_due(self, now: datetime) -> bool:
        """Whether a process that is free has something to do: one job waits and none runs, or
        one is nobody's any more."""
        states = [(row.state, row.lease_until) for row in self.open()]
        running = [until for state, until in states if state is JobState.RUNNING]
        return any(_is_over(until, now) for until in running) or bool(states and not running)

    def take(self, runner: str, now: datetime, until: datetime) -> JobRow | None:
        """Give the oldest job that waits to the process ``runner``, ``until`` then; None where none
        waits, or another one runs. A job whose process is gone waits again, or has failed."""
        for row in self.open():
            if row.state is JobState.RUNNING and _is_over(row.lease_until, now):
                self._lose(row)
        waiting = self.open()
        if not waiting or any(row.state is JobState.RUNNING for row in waiting):
            return None
        row = waiting[0]
        _move(row, JobState.RUNNING)
        row.started_at, row.attempts = now, row.attempts + 1
        row.runner, row.lease_until = runner, until
        row.done, row.total, row.counting_since = 0, None, now
        self._session.flush()
        return row

    def renew(
        self, job_id: int, runner: str, until: datetime, counted: JobProgress
    ) -> JobLease | None:
        """Keep the job for ``runner`` ``until`` then, and how far it is; None where it is that
        process's no more."""
        statement = (
            update(JobRow)
            .where(JobRow.id == job_id, JobRow.runner == runner, JobRow.state == JobState.RUNNING)
            .values(
                lease_until=until,
                done=counted.done,
                total=counted.total,
                counting_since=func.coalesce(counted.since, JobRow.counting_since),
            )
            .returning(JobRow.cancel_asked)
        )
        asked = self._session.connection().execute(statement).scalar_one_or_none()
        return None if asked is None else JobLease(bool(asked))

    def end(
        self,
        job_id: int,
        runner: str,
        state: JobState,
        *,
        result: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> bool:
        """The work on the job is over, in ``state``; False where it was ``runner``'s no more, and
        nothing is kept of it."""
        row = self.get(job_id)
        if row is None or row.state is not JobState.RUNNING or row.runner != runner:
            return False
        self._end(row, state)
        row.result, row.error = result, error
        self._session.flush()
        return True

    def give_back(self, runner: str, *, counted: bool = True) -> list[int]:
        """The process ``runner`` is gone: what it worked on waits again, or has failed after
        `MAX_ATTEMPTS`; their ids. Not ``counted``: somebody has ended the process on purpose."""
        rows = [row for row in self.open() if row.runner == runner]
        for row in rows:
            if not counted:
                row.attempts -= 1
            self._lose(row)
        self._session.flush()
        return [row.id for row in rows]

    def prune(self, kept: int) -> int:
        """Forget the oldest jobs that have ended, all but ``kept`` of them; how many these were.

        Of each kind the newest stays, by which it is told when learning is due, and the newest
        `SPARED` that are done: exports that can be fetched, and what the next one follows, are
        among them.
        """
        has_ended = JobRow.state.not_in(OPEN_STATES)
        ended = select(JobRow.id).where(has_ended).order_by(JobRow.id.desc())
        oldest_kept = self._session.scalar(ended.offset(kept - 1).limit(1))
        if oldest_kept is None:
            return 0
        spared: set[int] = set()
        for kind in JobKind:
            of_kind = select(JobRow.id).where(JobRow.kind == kind).order_by(JobRow.id.desc())
            done = of_kind.where(JobRow.state == JobState.DONE)
            spared.update(self._session.scalars(of_kind.limit(1)))
            spared.update(self._session.scalars(done.limit(SPARED)))
        gone = list(self._session.scalars(ended.where(JobRow.id < oldest_kept)))
        gone = [job_id for job_id in gone if job_id not in spared]
        for some in portions(gone):
            self._session.execute(delete(JobRow).where(JobRow.id.in_(some)))
        return len(gone)

    def ask_to_cancel(self, job_id: int) -> JobRow | None:
        """Cancel a job that waits, or have the process that works on it told; the job as it then
        is. One that has ended stays as it is."""
        row = self.get(job_id)
        if row is None:
            return None
        if row.state is JobState.QUEUED:
            self._end(row, JobState.CANCELLED)
        elif row.state is JobState.RUNNING:
            row.cancel_asked = True
        self._session.flush()
        return row

    def queue_again(self, job_id: int, asked_by: str) -> JobRow | None:
        """Have a job that failed or was cancelled done after all, as it was asked for."""
        row = self.get(job_id)
        if row is None:
            return None
        _move(row, JobState.QUEUED)
        row.asked_by, row.asked_at, row.cause = asked_by, utc_now(), JobCause.HAND
        row.attempts, row.cancel_asked, row.error = 0, False, None
        row.started_at = row.ended_at = row.counting_since = None
        row.done, row.total = 0, None
        self._session.flush()
        return row

    def _lose(self, row: JobRow) -> None:
        """The process of a running job is gone."""
        if row.cancel_asked:
            self._end(row, JobState.CANCELLED)
        elif row.attempts >= MAX_ATTEMPTS:
            self._end(row, JobState.FAILED)
            row.error = GONE
        else:
            _move(row, JobState.QUEUED)
            row.runner = row.lease_until = None
        self._session.flush()

    def _end(self, row: JobRow, state: JobState) -> None:
        _move(row, state)
        row.ended_at = utc_now()
        row.runner = row.lease_until = None


def _move(row: JobRow, state: JobState) -> None:
    require_step(row.state, state)
    row.state = state


def _is_over(until: datetime | None, now: datetime) -> bool:
    return until is None or until <= now
