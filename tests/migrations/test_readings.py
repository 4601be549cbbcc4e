"""Revision 0014 over a filled database: no reading is forgotten, and nothing else changes."""

from __future__ import annotations

import pytest

import migrations
from storage.database import Database
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema

BEFORE, AFTER = "0013", "0014"
TABLES = ("image_descriptor", "reading", "reading_match")


def test_a_database_of_before_has_no_readings_and_is_else_as_it_was(
    database: Database, factory: Factory
) -> None:
    factory.item()
    migrations.downgrade(database.engine, BEFORE)
    before = rows(database)
    migrations.upgrade(database.engine, AFTER)
    assert rows(database) == {**before, **{table: [] for table in TABLES}}


def test_readings_are_not_given_up(database: Database, factory: Factory) -> None:
    person, image_id = factory.person(), factory.image()
    with database.write() as repos:
        repos.readings.add(person.id, bytes(4096), 0, {image_id: 0.9})
    before = rows(database), schema(database)
    with pytest.raises(RuntimeError, match="no place for 1 readings"):
        migrations.downgrade(database.engine, BEFORE)
    assert (rows(database), schema(database)) == before
