"""The states that a background job may go to from where it is: `STEPS`.

`Jobs` is the one writer of a job's state, and asks `require_step` at every change.
"""

from __future__ import annotations

from collections.abc import Mapping

from storage.enums import JobState
from storage.errors import TransitionError

STEPS: Mapping[JobState, tuple[JobState, ...]] = {
    JobState.QUEUED: (JobState.RUNNING, JobState.CANCELLED),
    # Queued again: its process has gone before it ended.
    JobState.RUNNING: (JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.QUEUED),
    JobState.DONE: (),
    # Asked for again, with all it was asked for with.
    JobState.FAILED: (JobState.QUEUED,),
    JobState.CANCELLED: (JobState.QUEUED,),
}
"""What may follow each state."""

OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)
"""The job has not ended."""


def require_step(before: JobState, after: JobState) -> None:
    """Raises `TransitionError` where no such step is declared."""
    if after not in STEPS[before]:
        raise TransitionError(
            f"a job that is {before} cannot become {after}; storage.job_states.STEPS declares "
            "what can"
        )
