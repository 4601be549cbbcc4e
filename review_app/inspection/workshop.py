"""The queue in front of the worker process: two places for all, one for each person, in turn."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from review_app.core.errors import BusyError, DetectorError
from review_app.core.messages import PLACES, Job, Said, unpacked
from review_app.i18n import Text

_THREADS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LONGEST_S: Final = 120.0
"""Seconds: what takes longer is given up, and the process with it."""


@dataclass(frozen=True)
class JobResult:
    """The result of a job."""

    said: Said
    blobs: list[bytes]


@dataclass(eq=False)
class _Task:
    person_id: int
    job: Job
    done: Future[JobResult] = field(default_factory=Future)
    watch: threading.Timer | None = None


class Workshop:
    """A queue that runs jobs of `inspection.worker` in a process that starts with the first of
    them; safe to share between threads.

    Nobody has more than one job in work, and those who wait take turns, however many jobs each has.
    ``niceness``, 0 to 19: how far the process stands back behind others.
    """

    def __init__(self, niceness: int = 15) -> None:
        self._niceness = niceness
        self._lock = threading.RLock()
        self._waiting: OrderedDict[int, deque[_Task]] = OrderedDict()
        self._running: dict[int, _Task] = {}
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def submit(self, person_id: int, job: Job, most_waiting: int) -> Future[JobResult]:
        """What will come of ``job``. The future raises what the job raised.

        Raises BusyError where ``most_waiting`` jobs of the person wait already.
        """
        task = _Task(person_id, job)
        with self._lock:
            line = self._waiting.setdefault(person_id, deque())
            if len(line) >= most_waiting and (line or self._is_at_work(person_id)):
                raise BusyError(Text("inspect.busy"))
            line.append(task)
            self._hand_out()
        return task.done

    def ahead(self, person_id: int) -> int:
        """How many jobs are in work or come before the person's first that waits; 0: none waits."""
        with self._lock:
            if not self._waiting.get(person_id):
                return 0
            before = itertools.takewhile(lambda other: other != person_id, self._waiting)
            return len(self._running) + sum(1 for other in before if self._waiting[other])

    def close(self) -> None:
        """Give up whatever is in work, and end the process."""
        with self._lock:
            self._is_closed = True
            process, self._process = self._process, None
            tasks = [*self._running.values(), *(t for line in self._waiting.values() for t in line)]
            self._running.clear()
            self._waiting.clear()
        if process is not None:
            process.kill()
            process.wait()
        for task in tasks:
            _fail(task)

    @property
    def process_id(self) -> int | None:
        """The id of the worker process; None where none runs."""
        with self._lock:
            return None if self._process is None else self._process.pid

    def _is_at_work(self, person_id: int) -> bool:
        return any(task.person_id == person_id for task in self._running.values())

    def _hand_out(self) -> None:
        """Fill the free places; called under the lock."""
        for person_id in list(self._waiting):
            if len(self._running) >= PLACES or self._is_closed:
                return
            line = self._waiting[person_id]
            if line and not self._is_at_work(person_id):
                self._send(line.popleft())
                self._waiting.move_to_end(person_id)
            if not line:
                del self._waiting[person_id]

    def _send(self, task: _Task) -> None:
        number = next(self._numbers)
        process = self._process or self._start()
        task.watch = threading.Timer(LONGEST_S, process.kill)
        task.watch.daemon = True
        task.watch.start()
        self._running[number] = task
        assert process.stdin is not None
        with suppress(OSError):  # it has ended: whoever reads from it will find out, too
            process.stdin.write(json.dumps({**task.job, "id": number}).encode() + b"\n")
            process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "review_app.inspection.worker", str(self._niceness)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=pipe, stdout=pipe, env=os.environ | dict.fromkeys(_THREADS, "1")
        )
        self._process = process
        reader = threading.Thread(target=self._listen, args=(process,), name="worker", daemon=True)
        reader.start()
        return process

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        out = process.stdout
        assert out is not None
        while line := out.readline():
            said = json.loads(line)
            blobs = [out.read(size) for size in said.pop("blobs")]
            with self._lock:
                task = self._running.pop(said.pop("id"), None)
                if task is not None:
                    self._hand_out()
            if task is not None:
                _settle(task, said, blobs)
        self._ended(process)

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()
        with self._lock:
            if self._process is not process:
                return
            self._process = None
            tasks = list(self._running.values())
            self._running.clear()
            self._hand_out()
        for task in tasks:
            _fail(task)


def _settle(task: _Task, said: dict[str, Any], blobs: list[bytes]) -> None:
    if task.watch is not None:
        task.watch.cancel()
    if "error" in said:
        task.done.set_exception(unpacked(said["error"]))
    elif "failed" in said:
        task.done.set_exception(RuntimeError(said["failed"]))
    else:
        task.done.set_result(JobResult(said, blobs))


def _fail(task: _Task) -> None:
    if task.watch is not None:
        task.watch.cancel()
    task.done.set_exception(DetectorError(Text("inspect.given_up")))
