"""The leases on jobs: which process may work on which, and for how much longer.

A process that dies renews nothing, so its job is free again `LEASE` later, or at once where whoever
started the process sees it end. Two processes never hold a job at once, however many servers run
on the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any, Final

from storage.database import Database
from storage.enums import JobKind, JobState
from storage.repositories.jobs import JobLease, JobProgress
from storage.types import utc_now

LEASE: Final = timedelta(seconds=30)
"""How long a job stays a process's after the last sign of life."""


def new_runner() -> str:
    """The name of a process that is to work on jobs."""
    return token_hex(16)


@dataclass(frozen=True)
class TakenJob:
    """A job that a process has the lease on."""

    id: int
    kind: JobKind
    parameters: dict[str, Any]
    runner: str


class JobLeases:
    """Takes, renews and ends jobs in short transactions, for the processes that do them; of those
    that have ended it keeps the newest ``kept``."""

    def __init__(self, database: Database, kept: int) -> None:
        self._database = database
        self._kept = kept

    @property
    def can_write(self) -> bool:
        """Whether a job could be taken at all: the data directory may be there to read alone."""
        return not self._database.read_only

    def is_due(self) -> bool:
        """Whether a free process has something to do."""
        with self._database.read() as repos:
            return repos.jobs.is_due(utc_now())

    def is_to_end(self, runner: str) -> bool:
        """Whether the job that ``runner`` works on is to be cancelled."""
        with self._database.read() as repos:
            return any(row.runner == runner and row.cancel_asked for row in repos.jobs.open())

    def take(self, runner: str) -> TakenJob | None:
        """The job that ``runner`` is to work on next, now its own."""
        with self._database.write() as repos:
            now = utc_now()
            row = repos.jobs.take(runner, now, now + LEASE)
            return None if row is None else TakenJob(row.id, row.kind, row.parameters, runner)

    def renew(self, job: TakenJob, counted: JobProgress) -> JobLease | None:
        """Keep ``job`` for another `LEASE`; None where it is lost."""
        # A power cut takes the process along: what it takes back of this, nobody misses.
        with self._database.write(durable=False) as repos:
            return repos.jobs.renew(job.id, job.runner, utc_now() + LEASE, counted)

    def end(
        self,
        job: TakenJob,
        state: JobState,
        result: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> bool:
        """The work on ``job`` is over; False where it was lost before. The oldest that have ended
        are forgotten, all but the number to be kept."""
        with self._database.write() as repos:
            is_kept = repos.jobs.end(job.id, job.runner, state, result=result, error=error)
            repos.jobs.prune(self._kept)
            return is_kept

    def give_back(self, runner: str, *, counted: bool = True) -> list[int]:
        """What the process ``runner``, which has ended, worked on waits again; the ids."""
        with self._database.write() as repos:
            return repos.jobs.give_back(runner, counted=counted)
