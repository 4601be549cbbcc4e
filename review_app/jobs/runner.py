"""The runner: a thread of the server that starts a process for the jobs that wait.

The process ends with the queue, so it gives its memory back; it ends with the server, too, for its
standard input ends then.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from review_app.core.errors import StorageError
from review_app.jobs.leases import JobLeases, new_runner

LOOK: Final = 1.0
"""Seconds between two looks whether something is to be done."""
PAUSE: Final = 10.0
"""Seconds before another process is started after one that failed."""
GRACE: Final = 60.0
"""Seconds for a job to end by itself once somebody asked for that; then its process is ended."""
_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_logger = logging.getLogger(__name__)


class JobRunner:
    """Starts ``command`` whenever a job waits, one process at a time, and notices when it ends.

    ``told``: what the process reads as the first line of its standard input, as JSON, beside the
    name it takes jobs under. ``look``: called before each look at the jobs; it may ask for some.
    """

    def __init__(
        self,
        leases: JobLeases,
        command: Sequence[str],
        told: dict[str, Any],
        look: Callable[[], None] = lambda: None,
        pause: float = PAUSE,
        grace: float = GRACE,
    ) -> None:
        self._leases = leases
        self._command = list(command)
        self._told = told
        self._look_before = look
        self._pause = pause
        self._grace = grace
        self._kill_at: float | None = None
        self._not_before = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._runner = ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to look; nothing happens where nothing may be stored."""
        if self._leases.can_write:
            self._thread.start()

    def close(self) -> None:
        """End the process, whose job waits for the next start of a server, and look no more."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            _bury(process)
            with suppress(StorageError):
                self._leases.give_back(self._runner, counted=False)

    @property
    def process_id(self) -> int | None:
        """The id of the process that works; None where none does."""
        process = self._process
        return None if process is None else process.pid

    def _run(self) -> None:
        while not self._closing.wait(LOOK):
            try:
                self._look()
            except StorageError:
                continue  # which is in the log, and on the admin's page
            except Exception:
                _logger.exception("the look at the jobs failed")

    def _look(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._end_if_deaf(self._process)
                return
            self._mourn(self._process)
        self._look_before()
        if monotonic() >= self._not_before and self._leases.is_due():
            self._start()

    def _end_if_deaf(self, process: subprocess.Popen[bytes]) -> None:
        """End a process whose job was cancelled and has not heard of it: it would hold up all."""
        if not self._leases.is_to_end(self._runner):
            self._kill_at = None
        elif self._kill_at is None:
            self._kill_at = monotonic() + self._grace
        elif monotonic() >= self._kill_at:
            process.kill()

    def _mourn(self, process: subprocess.Popen[bytes]) -> None:
        """The process has ended: by itself, or by something that asked nobody."""
        _bury(process)
        left = self._leases.give_back(self._runner)
        self._process, self._kill_at = None, None
        if process.returncode:
            self._not_before = monotonic() + self._pause
            said = f"; it worked on job {left[0]}" if left else ""
            _logger.error("the process for jobs ended by %d%s", process.returncode, said)

    def _start(self) -> None:
        self._runner = new_runner()
        process = subprocess.Popen(  # noqa: S603 - our own module
            self._command, stdin=subprocess.PIPE, env=os.environ | dict.fromkeys(_THREADS, "1")
        )
        self._process = process
        line = json.dumps({**self._told, "runner": self._runner}).encode() + b"\n"
        assert process.stdin is not None
        with suppress(OSError):  # it has ended: the next look finds out
            process.stdin.write(line)
            process.stdin.flush()


def _bury(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    with suppress(OSError):
        assert process.stdin is not None
        process.stdin.close()
