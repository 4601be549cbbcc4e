"""What needs an admin: found, told once, and told to be over."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pytest

from review_app.durability.log_watch import LogWatch
from review_app.monitoring.findings import SystemHealth
from review_app.notifications.conditions import storage_conditions
from review_app.notifications.messages import ALERTS, Message
from review_app.notifications.watch import SETTLES_AFTER, AlertWatch
from storage.database import Database
from storage.enums import AuditKind, ItemState, JobKind, JobState, PolicyState, Topic
from storage.models import AlertRow, JobRow, OutboxEvent
from storage.repositories.alarms import RaisedAlarm
from storage.repositories.event_log import Event
from storage.types import utc_now
from tests.factories import Factory
from tests.notifications.bench import TellingBench

GIB = 1024**3
PLENTY = SystemHealth(500 * GIB, 1000 * GIB, GIB)


class Desk:
    """A watch whose clock and disk a test turns."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = utc_now()
        self.health = PLENTY
        self.watch = AlertWatch(database, lambda _: self.health, lambda: self.now)

    def look(self, after: timedelta = timedelta(0)) -> list[str]:
        """The topics that need an admin ``after`` so long."""
        self.now += after
        self.watch.look()
        return [one.topic.partition(".")[2] for one in self.watch.open()]

    def told(self) -> list[tuple[str, str]]:
        with self.database.read() as repos:
            rows = repos.session.query(OutboxEvent).order_by(OutboxEvent.id)
            return [(row.topic.partition(".")[2], (row.document or {})["status"]) for row in rows]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def full(desk: Desk) -> None:
    desk.health = SystemHealth(GIB, 1000 * GIB, GIB)


def fail_a_job(database: Database, ended_at: datetime) -> int:
    with database.write() as repos:
        number = repos.jobs.add(JobKind.EXPORT, {}, "root")
        row = repos.session.get_one(JobRow, number)
        row.state, row.error, row.ended_at = JobState.FAILED, "no room", ended_at
        return number


def test_where_all_is_well_nothing_is_told(desk: Desk) -> None:
    assert desk.look() == []
    assert desk.told() == []


def test_the_same_is_told_once_for_as_long_as_it_holds(desk: Desk) -> None:
    full(desk)
    for _ in range(3):
        assert desk.look(timedelta(minutes=5)) == ["storage"]
    assert desk.told() == [("storage", "raised")]


def test_what_comes_and_goes_is_told_once_and_its_end_once(desk: Desk) -> None:
    for _ in range(5):
        full(desk)
        desk.look(timedelta(minutes=5))
        desk.health = PLENTY
        desk.look(timedelta(minutes=5))
    assert desk.told() == [("storage", "raised")]
    assert desk.look(SETTLES_AFTER) == []
    assert desk.told() == [("storage", "raised"), ("storage", "settled")]
    full(desk)
    desk.look(timedelta(minutes=5))
    assert desk.told()[2:] == [("storage", "raised")]


def test_an_alarm_of_the_audits_holds_until_a_policy_is_certified(
    desk: Desk, factory: Factory, database: Database
) -> None:
    factory.policy()
    version = factory.policy(2, PolicyState.SUSPENDED)
    assert desk.look() == [], "an admin closed it"
    with database.write() as repos:
        raised = [RaisedAlarm("fake", "change_detection", None)]
        repos.alarms.add(version, "the audits turned", raised)
    assert desk.look() == ["audits"]
    factory.policy(3, PolicyState.SUSPENDED)
    assert desk.look() == ["audits"], "another limit does not open it"
    factory.policy(4, PolicyState.CERTIFIED)
    assert desk.look(SETTLES_AFTER) == []


def test_a_job_that_failed_is_told_until_another_of_its_kind_is_asked_for(
    desk: Desk, database: Database
) -> None:
    fail_a_job(database, utc_now() - timedelta(days=30))
    assert desk.look() == [], "long ago"
    fail_a_job(database, utc_now())
    assert desk.look() == ["job"]
    assert "no room" in desk.watch.open()[0].words
    fail_a_job(database, utc_now())
    assert desk.look() == ["job", "job"], "the first is not over yet"
    assert len(desk.look(SETTLES_AFTER)) == 1


def test_images_that_wait_too_long_are_told(
    desk: Desk, factory: Factory, database: Database
) -> None:
    long_ago = utc_now() - timedelta(hours=5)
    factory.item(ItemState.IN_REVIEW, state_since=long_ago)
    assert desk.look() == []
    with database.write() as repos:
        repos.options.set("service_level", {"within_hours": 4}, None)
    with database.write() as repos:
        repos.session.connection().exec_driver_sql(
            "UPDATE item SET state_since = ?", (f"{long_ago:%Y-%m-%d %H:%M:%S.%f}",)
        )
    assert desk.look() == ["service_level"]


def test_what_cannot_be_delivered_needs_an_admin(
    desk: Desk, telling: TellingBench, factory: Factory, database: Database
) -> None:
    telling.subscribe("https://hooks.example/in")
    telling.settle_and_reopen(factory.item(), 1)
    with database.write() as repos:
        row = repos.subscriptions.get(1)
        assert row is not None
        now = utc_now()
        repos.outbox.fan_out(row, now)
        (claimed,) = repos.outbox.claim(1, now, now, 1)
        repos.outbox.failed(claimed.id, None, "no answer", None)
    assert desk.look() == ["delivery"]
    telling.service.drop(1)
    assert desk.look(SETTLES_AFTER) == []


def test_a_log_that_somebody_changed_is_noticed_while_the_server_runs(database: Database) -> None:
    for number in range(10):
        with database.write() as repos:
            repos.audit.add(Event(AuditKind.EXPORTED, "root", details={"n": number}))
    watch = LogWatch(database, portion=4)
    while not watch.check():
        pass
    assert watch.broken is None
    path = str(database.engine.url.database)
    raw = sqlite3.connect(path)
    triggers = raw.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
    ).fetchall()
    for (name,) in triggers:
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute("UPDATE audit_event SET actor = 'nobody' WHERE id = 6")
    raw.commit()
    while not watch.check():
        pass
    assert watch.broken == 6
    raw.execute("DELETE FROM audit_event WHERE id >= 6")
    raw.commit()
    raw.close()
    while not watch.check():
        pass
    assert watch.broken is not None, "it has come further, as the file of heads tells"


@pytest.mark.parametrize(
    ("free", "total", "full"),
    [(1, 10, True), (3, 10, False), (30, 1000, False), (19, 1000, True), (4, 100, True)],
)
def test_a_disk_is_nearly_full_by_its_size(free: int, total: int, full: bool) -> None:
    assert bool(list(storage_conditions(SystemHealth(free * GIB, total * GIB, 0)))) is full


FACTS: dict[Topic, dict[str, Any]] = {
    Topic.AUDITS: {"version": 3},
    Topic.DRIFT: {"n": 100, "reference": 200},
    Topic.CALIBRATION: {"points": 4.2},
    Topic.SERVICE_LEVEL: {"n": 2, "hours": 4.0},
    Topic.STORAGE: {"gib": 1.5},
    Topic.LOG: {"event": "6"},
    Topic.JOB: {"job": "3", "why": "no room"},
    Topic.DELIVERY: {"name": "ops", "n": 1},
}


@pytest.mark.parametrize("topic", ALERTS)
def test_every_alarm_has_words_for_its_beginning_and_its_end(topic: Topic) -> None:
    for status in ("raised", "settled"):
        data = {"status": status, "facts": FACTS[topic]}
        assert Message(1, topic, utc_now(), data).line


def test_rows_of_alarms_are_kept(desk: Desk, database: Database) -> None:
    full(desk)
    desk.look()
    with database.read() as repos:
        (row,) = repos.session.query(AlertRow)
    assert (row.topic, row.settled_at) == (Topic.STORAGE, None)
