"""The heartbeat of a job at work: it renews the lease, stores the progress, hears of cancelling."""

from __future__ import annotations

import logging
import threading
from time import monotonic
from types import TracebackType
from typing import Final

from review_app.core.errors import JobCancelled
from review_app.i18n import Text
from review_app.jobs.leases import LEASE, JobLeases, TakenJob
from storage.repositories.jobs import JobProgress
from storage.types import utc_now

BEAT: Final = 1.0
"""Seconds from one beat to the next: so often is progress stored, however often it is told."""

_logger = logging.getLogger(__name__)


class Heartbeat:
    """Beats in a thread of its own while it is entered; `progress` is for the job's function.

    ``patience``: the seconds without a renewal after which the job is taken for lost.
    """

    def __init__(
        self,
        leases: JobLeases,
        job: TakenJob,
        beat: float = BEAT,
        patience: float = LEASE.total_seconds(),
    ) -> None:
        self._leases = leases
        self._job = job
        self._beat = beat
        self._counted = JobProgress()
        self._patience = patience
        self._lost_at = monotonic() + patience
        self._over = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def progress(self, done: int, total: int | None) -> None:
        """Tell how far the job is.

        Raises:
            JobCancelled: somebody asked that the job end, or another process has it now.
        """
        before = self._counted
        is_new_step = before.since is None or total != before.total or done < before.done
        since = utc_now() if is_new_step else before.since
        self._counted = JobProgress(done, total, since)
        if self._stop.is_set():
            raise JobCancelled(Text("jobs.was_cancelled"))

    def _run(self) -> None:
        while not self._over.wait(self._beat):
            self._renew()

    def _renew(self) -> None:
        lost_at = monotonic() + self._patience
        try:
            lease = self._leases.renew(self._job, self._counted)
        except Exception as error:  # whatever it is, perhaps it passes before the lease does
            _logger.warning("job %d could not be kept: %s", self._job.id, error)
            if monotonic() >= self._lost_at:
                self._stop.set()
            return
        if lease is None:
            _logger.warning("job %d is another process's now", self._job.id)
        else:
            self._lost_at = lost_at
        if lease is None or lease.cancel_asked:
            self._stop.set()

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
