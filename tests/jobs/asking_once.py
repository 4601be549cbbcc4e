"""A process that has an export asked for under a key, and is killed: ``before`` its answer is kept,
or ``after``. Usage: URL MOMENT."""

from __future__ import annotations

import os
import signal
import sys

from review_app.core.idempotency import IdempotencyService
from review_app.core.permissions import Person
from review_app.jobs.service import JobService
from storage.database import Database, Transactions
from storage.enums import JobKind, Role

KEY, ASKED = "8f14e45f", "/api/v1/exports {}"
ADA = Person(1, "ada", Role.ADMIN)


def ask(database: Database, dies: bool = False) -> tuple[str, bool]:
    """Ask as the route does; the job, and whether it is that of before."""
    jobs = JobService(database, kept=10)

    def call(shared: Transactions) -> str:
        job = jobs.within(shared).submit(ADA, JobKind.EXPORT, {})
        if dies:
            die()
        return str(job)

    return IdempotencyService(database).once_together(ADA, KEY, ASKED, call)


def die() -> None:
    """End at once, as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    ask(Database(sys.argv[1]), dies=sys.argv[2] == "before")
    die()
