"""The triggers of learning, which an admin may set while the app runs: labels, time, an alarm.
None is set at first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from review_app.core.options import store_options
from review_app.core.permissions import Person
from storage.database import Database
from storage.enums import JobCause
from storage.repositories import Repositories

_KEY = "learning"


class LearningTriggers(BaseModel):
    """What makes a job of learning due; None: that does not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_labels: int | None = Field(
        None, ge=10, le=1_000_000, description="So many labels have become final."
    )
    every_hours: float | None = Field(
        None, ge=1, le=24 * 365, description="So much time has passed, and there are new labels."
    )
    after_alarm: bool = Field(False, description="The audits have raised an alarm.")


@dataclass(frozen=True)
class LearningFacts:
    """What is known when it is asked whether learning is due."""

    now: datetime
    is_open: bool
    """A job of learning waits or runs."""
    asked_at: datetime | None
    """The time at which the last one was asked for, however it ended; None where none was."""
    new_labels: int
    """How many labels have become final since then."""
    alarm_at: datetime | None
    """The time at which the newest alarm was raised."""


def learning_due(triggers: LearningTriggers, facts: LearningFacts) -> JobCause | None:
    """Why learning is due; None where it is not, and while a job of it waits or runs."""
    if facts.is_open:
        return None
    last = facts.asked_at
    if triggers.after_alarm and facts.alarm_at and (last is None or facts.alarm_at > last):
        return JobCause.ALARM
    if triggers.every_labels is not None and facts.new_labels >= triggers.every_labels:
        return JobCause.LABELS
    if triggers.every_hours is not None and facts.new_labels:
        hours = timedelta(hours=triggers.every_hours)
        if last is None or facts.now - last >= hours:
            return JobCause.SCHEDULE
    return None


def read_learning_triggers(repos: Repositories) -> LearningTriggers:
    """The triggers in force; a deployment that never chose has none."""
    return LearningTriggers.model_validate(repos.options.get(_KEY) or {})


def change_learning_triggers(
    database: Database, person: Person, options: LearningTriggers, seen: LearningTriggers | None
) -> LearningTriggers:
    """Put ``options`` in force, or of them what differs from ``seen``; what is in force then.

    Raises as `store_options`.
    """
    return store_options(database, person, _KEY, options, seen, logged_as="learning")
