"""Jobs as people see them: asked for, looked at, cancelled, asked for again."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from review_app.core.errors import BusyError, ConflictError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.jobs.leases import JobLeases
from storage.database import Database, Transactions
from storage.enums import JobCause, JobKind, JobState
from storage.job_states import STEPS
from storage.models import JobRow
from storage.repositories import Repositories
from storage.repositories.event_log import SYSTEM

ONE_AT_A_TIME: Final = frozenset({JobKind.LEARN})
"""Kinds of which a second job would do what the first one does."""


_PERMISSIONS: Final = {
    JobKind.EXPORT: Permission.EXPORT,
    JobKind.BULK: Permission.MANAGE_IMAGES,
}


@dataclass(frozen=True)
class JobAsked:
    """The job that does what somebody asked for."""

    id: int
    is_new: bool
    """Whether it is there because of that; another one waits or runs already."""


def permission_for(kind: JobKind) -> Permission:
    """What somebody must be permitted who asks for a job of the kind, or cancels one."""
    return _PERMISSIONS.get(kind, Permission.MANAGE_POLICY)


class JobService:
    """The jobs of one database, and the `leases` of whoever works on them. ``kept``: how many that
    have ended are remembered; see `Jobs.prune`."""

    def __init__(self, database: Database, kept: int) -> None:
        self._database: Transactions = database
        self.leases = JobLeases(database, kept)

    def within(self, transaction: Transactions) -> JobService:
        """The same service, whose writes are parts of ``transaction``."""
        own = copy(self)
        own._database = transaction
        return own

    def submit(self, person: Person, kind: JobKind, parameters: dict[str, Any]) -> int:
        """Ask for a job; its id. ``parameters``: what JSON can hold.

        Raises:
            NotAllowedError: the person may not ask for this.
            BusyError: one of the kind waits or runs already, and another would do the same.
        """
        require(person, permission_for(kind))
        with self._database.write() as repos:
            _require_only_one(repos, kind)
            return repos.jobs.add(kind, parameters, person.name)

    def ask(self, person: Person, kind: JobKind, parameters: dict[str, Any]) -> JobAsked:
        """Ask for a job, unless one waits or runs that does the same, whoever asked for that.

        Raises as `submit`.
        """
        require(person, permission_for(kind))
        with self._database.write() as repos:
            for row in repos.jobs.open():
                same = row.kind is kind and _work(row.parameters) == _work(parameters)
                if same and not row.cancel_asked:
                    return JobAsked(row.id, is_new=False)
            _require_only_one(repos, kind)
            return JobAsked(repos.jobs.add(kind, parameters, person.name), is_new=True)

    def follow_up(self, kind: JobKind, parameters: dict[str, Any]) -> int:
        """Ask, in the program's name, for a job that another one leads to; its id."""
        with self._database.write() as repos:
            return repos.jobs.add(kind, parameters, SYSTEM)

    def newest(self, most: int = 50) -> Sequence[JobRow]:
        """The newest jobs first, and after them any older ones that have not ended."""
        with self._database.read() as repos:
            return repos.jobs.newest(most)

    def get(self, job_id: int) -> JobRow:
        """The job of this id. Raises NotFoundError."""
        with self._database.read() as repos:
            return _found(repos.jobs.get(job_id), job_id)

    def last_of(self, kind: JobKind) -> JobRow | None:
        """The newest job of a kind, however it stands."""
        with self._database.read() as repos:
            return repos.jobs.last_of(kind)

    def unseen_failure(self) -> JobRow | None:
        """The newest job of learning, where nobody asked for it and it failed: nobody waits for it
        who would notice."""
        with self._database.read() as repos:
            row = repos.jobs.last_of(JobKind.LEARN)
            if row is None or row.state is not JobState.FAILED or row.cause is JobCause.HAND:
                return None
            return row

    def is_busy(self) -> bool:
        """Whether some process works on a job."""
        with self._database.read() as repos:
            return any(row.state is JobState.RUNNING for row in repos.jobs.open())

    def cancel(self, person: Person, job_id: int) -> JobRow:
        """End a job: at once where it waits, else as soon as its process hears of it; the job as it
        is now. Cancelling twice is no mistake.

        Raises:
            NotAllowedError: the person may not do this.
            NotFoundError: there is no such job.
            ConflictError: it has ended otherwise.
        """
        with self._database.write() as repos:
            row = _found(repos.jobs.get(job_id), job_id)
            require(person, permission_for(row.kind))
            if row.state in (JobState.DONE, JobState.FAILED):
                raise ConflictError(Text("jobs.has_ended", {"job": job_id}))
            return _found(repos.jobs.ask_to_cancel(job_id), job_id)

    def again(self, person: Person, job_id: int) -> JobRow:
        """Have a job that failed or was cancelled done after all, as it was asked for.

        Raises:
            NotAllowedError: the person may not do this.
            NotFoundError: there is no such job.
            ConflictError: it neither failed nor was cancelled.
            BusyError: as `submit`.
        """
        with self._database.write() as repos:
            row = _found(repos.jobs.get(job_id), job_id)
            require(person, permission_for(row.kind))
            if row.state is JobState.RUNNING or JobState.QUEUED not in STEPS[row.state]:
                raise ConflictError(Text("jobs.nothing_to_resume", {"job": job_id}))
            _require_only_one(repos, row.kind)
            return _found(repos.jobs.queue_again(job_id, person.name), job_id)


def _work(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters that say what is done, without in whose name, and where it is put."""
    return {name: value for name, value in parameters.items() if name not in ("by", "place")}


def _require_only_one(repos: Repositories, kind: JobKind) -> None:
    if kind in ONE_AT_A_TIME and any(row.kind is kind for row in repos.jobs.open()):
        raise BusyError(Text(f"jobs.waits_already_{kind}"))


def _found(row: JobRow | None, job_id: int) -> JobRow:
    if row is None:
        raise NotFoundError(Text("jobs.no_such", {"job": job_id}))
    return row
