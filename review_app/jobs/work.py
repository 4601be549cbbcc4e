"""The work on jobs: one after the other, each by the function of its kind."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from review_app.core.errors import JobCancelled, ReviewAppError
from review_app.core.progress import Progress
from review_app.jobs.heartbeat import Heartbeat
from review_app.jobs.leases import JobLeases, TakenJob
from storage.enums import JobKind, JobState

JobFunction = Callable[[Any, dict[str, Any], Progress], dict[str, Any]]
"""A function that does a job: called with the application, the parameters and what it tells its
progress to; gives a result that JSON can hold. It may be left by an exception at any call of the
progress, and its process may be killed at any moment: then it is called again, from the start."""
JobFunctions = Mapping[JobKind, JobFunction]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Outcome:
    state: JobState
    result: dict[str, Any] | None = None
    error: str | None = None


def work_off(
    leases: JobLeases, functions: JobFunctions, application: Any, runner: str
) -> list[int]:
    """Do the jobs that wait until none does, or another process works on one; their ids.

    Where this process is interrupted, what it worked on waits again.
    """
    ended = []
    while (job := leases.take(runner)) is not None:
        try:
            with Heartbeat(leases, job) as heart:
                outcome = _outcome(functions, application, job, heart.progress)
        except BaseException:
            leases.give_back(runner, counted=False)
            raise
        if leases.end(job, outcome.state, outcome.result, outcome.error):
            ended.append(job.id)
    return ended


def _outcome(
    functions: JobFunctions, application: Any, job: TakenJob, progress: Progress
) -> _Outcome:
    function = functions.get(job.kind)
    if function is None:
        return _Outcome(JobState.FAILED, error=f"this program does no jobs of the kind {job.kind}")
    try:
        result = function(application, job.parameters, progress)
        json.dumps(result, allow_nan=False)
    except JobCancelled:
        return _Outcome(JobState.CANCELLED)
    except ReviewAppError as error:
        return _Outcome(JobState.FAILED, error=str(error))
    except Exception as error:
        _logger.exception("job %d (%s) failed", job.id, job.kind)
        return _Outcome(JobState.FAILED, error=f"{type(error).__name__}: {error}".splitlines()[0])
    return _Outcome(JobState.DONE, result)
