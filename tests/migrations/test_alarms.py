"""Alarms become rows, one a side; what is open stays open, and what is in doubt is the same."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest

import migrations
from storage.database import Database
from storage.enums import Route
from storage.repositories.alarms import DoubtfulSpan, RaisedAlarm, doubt_of
from tests.factories import Factory
from tests.migrations.snapshots import rows

BEFORE, AFTER = "0018", "0019"
TABLE = "alarm"
RULE = "change_detection"
SINCE = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
FAKE = RaisedAlarm("fake", RULE, DoubtfulSpan((4, 3), Route.ACCEPT_FAKE, SINCE))
REAL = RaisedAlarm(
    "real", RULE, DoubtfulSpan((4, 3, 2), Route.ACCEPT_REAL, SINCE.replace(microsecond=7))
)
KEPT = RaisedAlarm("real", RULE, None)


@pytest.fixture
def alarmed(database: Database, factory: Factory) -> Database:
    """Both sides at once, which is settled; and later one, of which nothing goes back."""
    for version in range(1, 8):
        factory.policy(version)
    with database.write() as repos:
        repos.alarms.add(5, "the audits turned", [REAL, FAKE])
        repos.alarms.settle(5, 31)
    with database.write() as repos:
        repos.alarms.add(7, "the audits turned again", [KEPT])
    return database


def test_each_side_of_an_alarm_is_one_row_in_order(alarmed: Database) -> None:
    whole = rows(alarmed)
    migrations.downgrade(alarmed.engine, BEFORE)
    before = rows(alarmed)
    assert TABLE not in before
    migrations.upgrade(alarmed.engine, AFTER)
    after = rows(alarmed)
    assert after[TABLE] == [_before_groups(row) for row in whole[TABLE]]
    assert [(row["policy_version"], row["side"]) for row in after[TABLE]] == [
        (5, "real"),
        (5, "fake"),
        (7, "real"),
    ]
    assert {name: found for name, found in after.items() if name != TABLE} == before


def test_what_an_old_database_had_still_to_do_is_done_on(alarmed: Database) -> None:
    migrations.downgrade(alarmed.engine, "0001")
    migrations.upgrade(alarmed.engine)
    with alarmed.read() as repos:
        (left,) = repos.alarms.unsettled()
        assert (left.policy_version, left.rule, doubt_of(left)) == (7, RULE, None)
        assert repos.alarms.last_raised() == left.raised_at
        assert repos.alarms.any_on("fake", (6, 5))
        assert not repos.alarms.any_on("fake", (7,))


def test_an_event_from_before_there_were_rules_says_the_same(alarmed: Database) -> None:
    """The events of older programs name no rule; there was one."""
    whole = rows(alarmed)[TABLE]
    migrations.downgrade(alarmed.engine, BEFORE)
    raw = sqlite3.connect(str(alarmed.engine.url.database))
    with raw:
        raw.execute("DROP TRIGGER audit_event_no_update")
        raw.execute("UPDATE audit_event SET details = json_remove(details, '$.rules')")
    raw.close()
    migrations.upgrade(alarmed.engine, AFTER)
    assert rows(alarmed)[TABLE] == [_before_groups(row) for row in whole]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM alarm",
        "UPDATE alarm SET raised_at = '2020-01-01 00:00:00.000000'",
        "UPDATE alarm SET policy_version = 1",
        "UPDATE alarm SET settled_at = NULL WHERE policy_version = 5",
    ],
)
def test_an_alarm_can_be_settled_once_and_nothing_else(statement: str, alarmed: Database) -> None:
    before = rows(alarmed)[TABLE]
    raw = sqlite3.connect(str(alarmed.engine.url.database))
    with pytest.raises(sqlite3.IntegrityError, match="alarm is append-only"):
        raw.execute(statement)
    raw.close()
    assert rows(alarmed)[TABLE] == before


def test_settling_again_says_nothing_more(alarmed: Database) -> None:
    def events() -> list[dict[str, Any]]:
        return [row for row in rows(alarmed)["audit_event"] if row["kind"] == "alarm_settled"]

    before = rows(alarmed)[TABLE], events()
    with alarmed.write() as repos:
        repos.alarms.settle(5, 0)
    assert (rows(alarmed)[TABLE], events()) == before


def test_the_group_of_an_alarm_is_told_anew_by_its_event(alarmed: Database) -> None:
    doubt = DoubtfulSpan((7,), Route.ACCEPT_FAKE, SINCE, "forum")
    with alarmed.write() as repos:
        repos.alarms.add(6, "one group turned", [RaisedAlarm("fake", RULE, doubt, "forum")])
    whole = rows(alarmed)[TABLE]
    assert [row["group_name"] for row in whole] == [None, None, None, "forum"]
    for revision in ("0025", "0018"):
        migrations.downgrade(alarmed.engine, revision)
        migrations.upgrade(alarmed.engine)
        assert rows(alarmed)[TABLE] == whole
    with alarmed.read() as repos:
        assert [doubt_of(each) for each in repos.alarms.unsettled()] == [None, doubt]
        assert repos.alarms.any_on("fake", (6,), "forum")
        assert not repos.alarms.any_on("fake", (6,), "agency")
        assert not repos.alarms.any_on("fake", (6,))
        assert repos.alarms.any_on("fake", (5,), "agency")  # of all of the side


def _before_groups(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "group_name"}
