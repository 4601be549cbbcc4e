"""Triage of what programs add: soon after, in the background, one run at a time."""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

from review_app.core.errors import ReviewAppError
from review_app.triage.pipeline import TriageService

_logger = logging.getLogger(__name__)


class UnattendedTriage:
    """Runs triage when it is asked for; what is asked for while a run waits is part of that run.

    What a run that was cut off has left is pending, and part of the next one.
    """

    def __init__(self, triage: TriageService) -> None:
        self._triage = triage
        self._thread = ThreadPoolExecutor(1, "triage")
        self._next: Future[None] | None = None
        self._lock = Lock()

    def ask(self, actor: str) -> Future[None]:
        """Have all that is pending scored and routed, in the name of ``actor``; the run, for
        whoever waits for it."""
        with self._lock:
            if self._next is None:
                self._next = self._thread.submit(self._run, actor)
            return self._next

    def close(self) -> None:
        """Finish what was asked for."""
        self._thread.shutdown()

    def _run(self, actor: str) -> None:
        with self._lock:
            self._next = None
        try:
            self._triage.run(actor)
        except ReviewAppError:
            _logger.exception("what a program added could not be triaged; it stays pending")
