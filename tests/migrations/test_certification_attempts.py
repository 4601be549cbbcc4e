"""Attempts to certify become rows: each once, in the order of the log, and the count goes on."""

from __future__ import annotations

import pytest

import migrations
from storage.database import Database
from storage.enums import AuditKind
from storage.repositories.event_log import Event
from tests.factories import Factory
from tests.migrations.snapshots import rows

BEFORE, AFTER = "0017", "0018"
TABLE = "certification_attempt"


@pytest.fixture
def tried(database: Database, factory: Factory) -> Database:
    """Attempts at two checkpoints, with other events between them."""
    factory.checkpoint("checkpoint-2")
    factory.attempt("8 verdicts")
    with database.write() as repos:
        repos.attempts.add("checkpoint-2", "3 known labels", "ada")
        repos.audit.add(Event(AuditKind.EXPORTED, "ada", details={"checkpoint": "checkpoint-2"}))
    factory.attempt("9 verdicts")
    return database


def test_each_event_of_an_attempt_is_one_row_in_order(tried: Database) -> None:
    whole = rows(tried)
    migrations.downgrade(tried.engine, BEFORE)
    before = rows(tried)
    assert TABLE not in before
    migrations.upgrade(tried.engine, AFTER)
    after = rows(tried)
    assert after[TABLE] == whole[TABLE]
    assert [(row["checkpoint_id"], row["labels"]) for row in after[TABLE]] == [
        ("checkpoint-1", "8 verdicts"),
        ("checkpoint-2", "3 known labels"),
        ("checkpoint-1", "9 verdicts"),
    ]
    events = [row for row in before["audit_event"] if row["kind"] == "certify_tried"]
    assert [row["tried_at"] for row in after[TABLE]] == [event["at"] for event in events]
    assert [row["tried_by"] for row in after[TABLE]] == [event["actor"] for event in events]
    assert {name: found for name, found in after.items() if name != TABLE} == before


def test_the_count_goes_on_from_what_an_old_database_has_spent(
    tried: Database, factory: Factory
) -> None:
    migrations.downgrade(tried.engine, "0001")
    migrations.upgrade(tried.engine)
    factory.attempt("10 verdicts")
    with tried.read() as repos:
        events = repos.event_history.of_kind(AuditKind.CERTIFICATION_TRIED)
        assert repos.attempts.count("checkpoint-1") == 3
        assert repos.attempts.count("checkpoint-1", events[2].at) == 2
        assert repos.attempts.count("checkpoint-2") == 1
        last = repos.attempts.last()
        assert last is not None
        assert (last.id, last.labels, last.tried_at) == (4, "10 verdicts", events[-1].at)


def test_a_database_where_nobody_has_tried_gets_an_empty_table(database: Database) -> None:
    migrations.downgrade(database.engine, BEFORE)
    before = rows(database)
    migrations.upgrade(database.engine, AFTER)
    assert rows(database) == {**before, TABLE: []}
