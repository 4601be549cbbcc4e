"""When learning is due by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from review_app.core.permissions import Person
from review_app.jobs.schedule import LearningSchedule
from review_app.jobs.triggers import (
    LearningFacts,
    LearningTriggers,
    change_learning_triggers,
    learning_due,
)
from storage.database import Database
from storage.enums import JobCause, JobKind, LabelValue
from storage.types import utc_now
from tests.factories import Factory

NOW = datetime.fromisoformat("2026-06-01T12:00:00+00:00")


def facts(
    hours_ago: float | None = 24, labels: int = 100, alarm: float | None = None, open_: bool = False
) -> LearningFacts:
    """The last learning so many hours ago, and an alarm."""

    def ago(hours: float | None) -> datetime | None:
        return None if hours is None else NOW - timedelta(hours=hours)

    return LearningFacts(NOW, open_, ago(hours_ago), labels, ago(alarm))


ALL = LearningTriggers(every_labels=100, every_hours=24, after_alarm=True)


@pytest.mark.parametrize(
    ("triggers", "known", "why"),
    [
        (LearningTriggers(), facts(None, 10_000, alarm=1), None),
        (LearningTriggers(every_labels=100), facts(labels=100), JobCause.LABELS),
        (LearningTriggers(every_labels=100), facts(labels=99), None),
        (LearningTriggers(every_labels=100), facts(None, labels=100), JobCause.LABELS),
        (LearningTriggers(every_hours=24), facts(24, labels=1), JobCause.SCHEDULE),
        (LearningTriggers(every_hours=24), facts(23.9, labels=1), None),
        (LearningTriggers(every_hours=24), facts(240, labels=0), None),
        (LearningTriggers(every_hours=24), facts(None, labels=1), JobCause.SCHEDULE),
        (LearningTriggers(after_alarm=True), facts(24, labels=0, alarm=1), JobCause.ALARM),
        (LearningTriggers(after_alarm=True), facts(24, alarm=25), None),
        (LearningTriggers(after_alarm=True), facts(24), None),
        (LearningTriggers(after_alarm=True), facts(None, alarm=1), JobCause.ALARM),
        (ALL, facts(24, 100, alarm=1, open_=True), None),
        (ALL, facts(24, 100, alarm=1), JobCause.ALARM),
    ],
)
def test_learning_is_due_when_a_trigger_says_so(
    triggers: LearningTriggers, known: LearningFacts, why: JobCause | None
) -> None:
    assert learning_due(triggers, known) is why


def test_the_schedule_asks_once_and_counts_what_is_final_since(
    database: Database, factory: Factory, root: Person, ada: Person
) -> None:
    schedule = LearningSchedule(database)
    items = factory.items(14)
    soon = utc_now() + timedelta(hours=1)
    for item in items[:9]:
        factory.label(ada, item, LabelValue.FAKE)
    factory.label(ada, items[9], LabelValue.UNSURE)
    factory.label(ada, items[10], LabelValue.REAL, final_at=soon)
    assert schedule.ask_if_due() is None, "nobody has chosen that"
    options = LearningTriggers(every_labels=10)
    change_learning_triggers(database, root, options, None)
    assert schedule.ask_if_due() is None, "nine are final"
    factory.label(ada, items[11], LabelValue.REAL)
    job_id = schedule.ask_if_due()
    assert job_id is not None
    assert schedule.ask_if_due() is None, "it waits already"
    with database.write() as repos:
        row = repos.jobs.get(job_id)
        assert row is not None
        assert (row.kind, row.cause, row.asked_by) == (JobKind.LEARN, JobCause.LABELS, "system")
        repos.jobs.ask_to_cancel(job_id)
    assert schedule.ask_if_due() is None, "those labels have had their learning"
