"""The schedule: it looks now and then whether learning is due, and asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from review_app.core.pace import Pace
from review_app.jobs.triggers import (
    LearningFacts,
    LearningTriggers,
    learning_due,
    read_learning_triggers,
)
from storage.database import Database
from storage.enums import JobCause, JobKind
from storage.repositories import Repositories
from storage.repositories.event_log import SYSTEM
from storage.types import utc_now

EVERY: Final = 30.0
"""Seconds between two looks."""
_NOTHING = LearningTriggers()


class LearningSchedule:
    """Asks for a job of learning when one is due; several processes may do so at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pace = Pace(EVERY)

    def look(self) -> None:
        """Look whether learning is due, if the last look was `EVERY` ago."""
        if self._pace.takes_turn():
            self.ask_if_due()

    def facts(self) -> LearningFacts:
        """What is known now of the last learning, and of what has come since."""
        with self._database.read() as repos:
            return learning_facts(repos, utc_now())

    def ask_if_due(self) -> int | None:
        """Ask for a job of learning where one is due; its id."""
        with self._database.read() as repos:
            if _why(repos, utc_now()) is None:
                return None
        with self._database.write() as repos:  # somebody may have been faster
            cause = _why(repos, utc_now())
            return None if cause is None else repos.jobs.add(JobKind.LEARN, {}, SYSTEM, cause)


def _why(repos: Repositories, now: datetime) -> JobCause | None:
    triggers = read_learning_triggers(repos)
    return None if triggers == _NOTHING else learning_due(triggers, learning_facts(repos, now))


def learning_facts(repos: Repositories, now: datetime) -> LearningFacts:
    """What `learning_due` asks of the database."""
    last = repos.jobs.last_of(JobKind.LEARN)
    asked_at = None if last is None else last.asked_at
    return LearningFacts(
        now=now,
        is_open=any(row.kind is JobKind.LEARN for row in repos.jobs.open()),
        asked_at=asked_at,
        new_labels=repos.labels.count_final(asked_at, now),
        alarm_at=repos.alarms.last_raised(),
    )
