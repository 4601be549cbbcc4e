"""Revision 0005 over a filled database: decisions stay as they are, and append-only."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import migrations
from storage.database import Database
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema, without


@pytest.fixture
def old(database: Database, factory: Factory) -> Database:
    """A filled database as the program of revision 0004 left it."""
    for _ in range(3):
        factory.item(decided=True)
    migrations.downgrade(database.engine, "0004")
    return database


def test_older_decisions_have_no_mark_and_are_else_as_they_were(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, "0005")
    after = rows(old)
    assert [row["mark"] for row in after["decision"]] == [None] * 3
    assert without(after, {"mark"}) == before


def test_the_schema_after_it_is_that_of_a_new_database(old: Database, migrated_file: Path) -> None:
    migrations.upgrade(old.engine)
    new = Database(f"sqlite:///{migrated_file}")
    assert schema(old) == schema(new)
    new.close()


def test_down_and_up_again_loses_nothing(old: Database) -> None:
    before = rows(old), schema(old)
    migrations.upgrade(old.engine, "0005")
    migrations.downgrade(old.engine, "0004")
    assert (rows(old), schema(old)) == before


def test_marks_are_not_given_up_for_an_older_program(database: Database, factory: Factory) -> None:
    factory.decision(factory.item(), mark="retrain")
    before = rows(database), schema(database)
    with pytest.raises(RuntimeError, match="no place for the marks of 1 decisions"):
        migrations.downgrade(database.engine, "0004")
    assert (rows(database), schema(database)) == before


@pytest.mark.parametrize("revision", ["0004", "0005"])
@pytest.mark.parametrize("statement", ["UPDATE decision SET p_fake = 0", "DELETE FROM decision"])
def test_decisions_cannot_be_rewritten_after_going_up_or_down(
    old: Database, revision: str, statement: str
) -> None:
    migrations.upgrade(old.engine)
    migrations.downgrade(old.engine, revision)
    raw = sqlite3.connect(str(old.engine.url.database))
    with pytest.raises(sqlite3.IntegrityError, match="decision is append-only"):
        raw.execute(statement)
    raw.close()
