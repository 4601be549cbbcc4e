"""Revision 0005 over a filled database: decisions stay as they are."""

from __future__ import annotations

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


def test_marks_are_not_given_up_for_an_older_program(database: Database, factory: Factory) -> None:
    factory.decision(factory.item(), mark="retrain")
    before = rows(database), schema(database)
    with pytest.raises(RuntimeError, match="no place for the marks of 1 decisions"):
        migrations.downgrade(database.engine, "0004")
    assert (rows(database), schema(database)) == before
