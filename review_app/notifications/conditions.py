"""What needs an admin, found in what is stored: each look finds it anew, so nothing of it is lost
with a process, and nothing has to be told that it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from review_app.monitoring import drift_watching, live_watching
from review_app.monitoring.drift_watching import WatchedDrift
from review_app.monitoring.findings import SystemHealth
from review_app.monitoring.live_watching import WatchedCalibration
from review_app.monitoring.service_level import service_record
from storage.enums import JobKind, JobState, PolicyState, Topic
from storage.repositories import Repositories

LEAST_FREE, ENOUGH_FREE = 2 * 1024**3, 20 * 1024**3
"""Bytes of a disk: less than the first is nearly full whatever its size; the second is enough."""
LEAST_SHARE = 0.05
"""Share of a disk; less is nearly full unless it is `ENOUGH_FREE`."""
FAILED_LATELY = timedelta(days=7)
"""How long a job that failed is worth a word."""
_LETTERS = 200
_GIB = 1024**3


@dataclass(frozen=True)
class Condition:
    """Something that needs an admin. ``subject``: which of several of its topic; ``facts``: the
    figures of its sentence."""

    topic: Topic
    subject: str
    facts: dict[str, Any]


def find_conditions(
    repos: Repositories, health: SystemHealth, broken_event: int | None, now: datetime
) -> list[Condition]:
    """All that needs an admin ``now``. ``broken_event``: of the log, where one was found."""
    return [
        *_audits(repos),
        *_drift(repos),
        *_calibration(repos),
        *_service_level(repos, now),
        *storage_conditions(health),
        *_log(broken_event),
        *_jobs(repos, now),
        *_deliveries(repos),
    ]


def _audits(repos: Repositories) -> Iterator[Condition]:
    """Auto-accept is closed, and an alarm closed it, whatever was put in force since."""
    for row in repos.policies.history():
        if row.state is not PolicyState.SUSPENDED:
            return
        if repos.alarms.closed_by(row.version):
            yield Condition(Topic.AUDITS, "", {"version": row.version})
            return


def _drift(repos: Repositories) -> Iterator[Condition]:
    row = repos.monitoring.result(drift_watching.NAME)
    if row is None:
        return
    found = WatchedDrift.model_validate(row.document)
    if found.flagged:
        yield Condition(Topic.DRIFT, "", {"n": found.seen, "reference": found.reference})


def _calibration(repos: Repositories) -> Iterator[Condition]:
    row = repos.monitoring.result(live_watching.NAME)
    if row is None:
        return
    found = WatchedCalibration.model_validate(row.document)
    if found.gap is not None and found.leans:
        yield Condition(Topic.CALIBRATION, "", {"points": round(found.gap.value * 100, 1)})


def _service_level(repos: Repositories, now: datetime) -> Iterator[Condition]:
    record = service_record(repos, now)
    if record is not None and record.late:
        facts = {"n": record.late, "hours": record.level.within_hours}
        yield Condition(Topic.SERVICE_LEVEL, "", facts)


def storage_conditions(health: SystemHealth) -> Iterator[Condition]:
    """The disk of the database is nearly full."""
    enough = min(ENOUGH_FREE, LEAST_SHARE * health.disk_total)
    if health.disk_free < max(LEAST_FREE, enough):
        yield Condition(Topic.STORAGE, "", {"gib": round(health.disk_free / _GIB, 1)})


def _log(broken_event: int | None) -> Iterator[Condition]:
    if broken_event is not None:
        yield Condition(Topic.LOG, "", {"event": str(broken_event)})


def _jobs(repos: Repositories, now: datetime) -> Iterator[Condition]:
    for kind in JobKind:
        row = repos.jobs.last_of(kind)
        if row is None or row.state is not JobState.FAILED or row.ended_at is None:
            continue
        if now - row.ended_at < FAILED_LATELY:
            why = (row.error or "").strip()[:_LETTERS]
            yield Condition(Topic.JOB, str(row.id), {"job": str(row.id), "why": why})


def _deliveries(repos: Repositories) -> Iterator[Condition]:
    for row in repos.subscriptions.live():
        dead = repos.outbox.backlog(row.id).dead
        if dead:
            yield Condition(Topic.DELIVERY, str(row.id), {"name": row.name, "n": dead})
