"""The job of comparing: what a button, and the end of a training, ask for."""

from __future__ import annotations

from typing import Any, Protocol

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.i18n import ENGLISH, use_language
from review_app.jobs.service import JobService
from review_app.learning.challenge import ChallengeService, figures
from review_app.learning.words import advice_words
from storage.enums import JobKind
from storage.repositories.event_log import SYSTEM
from storage.repositories.held_out import HeadOf


class HasChallenges(Protocol):
    """An application, as far as this job needs one."""

    @property
    def challenges(self) -> ChallengeService:
        """The service that compares."""
        ...


def compare_job(
    application: HasChallenges, parameters: dict[str, Any], progress: Progress | None = None
) -> dict[str, Any]:
    """Compare ``parameters["challenger"]`` by its ``head``, in the name of ``by``; the advice.

    Raises as `ChallengeService.compare`, and InputError for other parameters.
    """
    match parameters:
        case {"challenger": str(challenger), "head": str(head)}:
            who = str(parameters.get("by") or SYSTEM)
        case _:
            raise InputError(f"a comparison needs a challenger and its head, not {parameters}")
    report = application.challenges.compare(HeadOf(challenger, head), who, progress)
    with use_language(ENGLISH):
        words = advice_words(report)
    return {"challenger": challenger, "words": words, **figures(report)}


def ask_to_compare(jobs: JobService, made: dict[str, Any]) -> int:
    """Have what a training ``made`` compared, once that has ended; the job's number."""
    parameters = {"challenger": made["checkpoint"], "head": made["head"]}
    return jobs.follow_up(JobKind.COMPARE, parameters)
