"""What a verdict that is taken back goes back to: since when the item has waited, as before."""

from __future__ import annotations

import sqlite3

import migrations
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue
from storage.repositories import Repositories
from storage.repositories.items import Move
from tests.factories import Factory
from tests.migrations.snapshots import rows, without

BEFORE, AFTER = "0020", "0021"
COLUMN = "came_to_people_at"


def _settle(repos: Repositories, item_id: int, state: ItemState, kind: AuditKind) -> None:
    item = repos.items.get(item_id)
    assert item is not None
    verdict = LabelValue.FAKE if state is ItemState.RESOLVED else None
    repos.items.settle("ada", item, state, verdict, None, kind, {})


def _told(database: Database) -> dict[int, str | None]:
    return {row["id"]: row[COLUMN] for row in rows(database)["item"]}


def test_it_is_what_the_last_event_of_leaving_people_says(
    database: Database, factory: Factory
) -> None:
    settled, back, waits = (factory.item() for _ in range(3))
    with database.write() as repos:
        for item_id in (settled, back):
            _settle(repos, item_id, ItemState.RESOLVED, AuditKind.LABELLED)
        _settle(repos, back, ItemState.IN_REVIEW, AuditKind.UNDONE)
    came = {row["id"]: row["state_since"] for row in rows(database)["item"]}
    whole = _told(database)
    assert whole[back] == came[back], "it waits since it first came"
    assert whole[waits] is None
    assert whole[settled] is not None
    migrations.downgrade(database.engine, AFTER)
    before = without(rows(database), {COLUMN})
    migrations.downgrade(database.engine, BEFORE)
    assert without(rows(database), {COLUMN}) == before
    migrations.upgrade(database.engine, AFTER)
    assert _told(database) == whole
    assert without(rows(database), {COLUMN}) == before


def test_a_time_without_a_fraction_is_stored_as_all_are(
    database: Database, factory: Factory
) -> None:
    item_id = factory.item()
    raw = sqlite3.connect(str(database.engine.url.database))
    with raw:
        raw.execute("UPDATE item SET state_since = '2026-03-01 12:30:00.000000'")
    raw.close()
    with database.write() as repos:
        _settle(repos, item_id, ItemState.RESOLVED, AuditKind.LABELLED)
    migrations.downgrade(database.engine, BEFORE)
    migrations.upgrade(database.engine, AFTER)
    assert _told(database) == {item_id: "2026-03-01 12:30:00.000000"}
    migrations.upgrade(database.engine)
    with database.write() as repos:
        _settle(repos, item_id, ItemState.IN_REVIEW, AuditKind.UNDONE)
    (row,) = rows(database)["item"]
    assert row["state_since"] == "2026-03-01 12:30:00.000000"


def test_an_event_of_leaving_that_tells_nothing_counts_as_the_last(
    database: Database, factory: Factory
) -> None:
    """A known label settled what had come back: older programs did not keep it then, either."""
    item_id = factory.item()
    with database.write() as repos:
        _settle(repos, item_id, ItemState.RESOLVED, AuditKind.LABELLED)
        _settle(repos, item_id, ItemState.IN_REVIEW, AuditKind.UNDONE)
        values = {"verdict": LabelValue.REAL}
        move = Move(item_id, ItemState.RESOLVED, AuditKind.TRIAGED, values=values)
        repos.items.move("triage", [move])
    assert _told(database) == {item_id: None}
    migrations.downgrade(database.engine, BEFORE)
    migrations.upgrade(database.engine, AFTER)
    assert _told(database) == {item_id: None}
