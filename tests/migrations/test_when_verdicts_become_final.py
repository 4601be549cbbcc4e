"""Revision 0009 over a filled database: what was said before is final, and stays as it is."""

from __future__ import annotations

import sqlite3

import pytest

import migrations
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema, without
from tests.review.bench import FAKE, Bench

NEW = {"final_at"}
LATER = {"handle"}
"""What later revisions gave and going down loses."""
SEALS = {"seals", "hash", "previous_hash"}
"""What the older program's chain is without."""
OTHERS = NEW | LATER | SEALS


@pytest.fixture
def old(database: Database, factory: Factory) -> Database:
    """A filled database as the program of revision 0008 left it."""
    person = factory.person()
    for value in (LabelValue.REAL, LabelValue.FAKE):
        factory.label(person, factory.item(), value)
    migrations.downgrade(database.engine, "0008")
    return database


def test_older_answers_are_final_and_else_as_they_were(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, "0009")
    after = rows(old)
    assert [row["final_at"] for table in ("label", "item") for row in after[table]] == [None] * 4
    assert without(after, NEW) == before
    with old.read() as repos:
        assert repos.labels.count_open(Bench(old).clock.now) == 0


def test_down_and_up_again_loses_no_answer(database: Database, factory: Factory) -> None:
    bench, person = Bench(database), factory.person()
    item = factory.item()
    bench.take(person)
    bench.label(person, item, FAKE)
    before = without(rows(database), OTHERS), schema(database)
    migrations.downgrade(database.engine, "0008")
    migrations.upgrade(database.engine)
    assert (without(rows(database), OTHERS), schema(database)) == before


@pytest.mark.parametrize("revision", ["0008", "0009"])
@pytest.mark.parametrize("statement", ["UPDATE label SET value = 'real'", "DELETE FROM label"])
def test_answers_cannot_be_rewritten_after_going_up_or_down(
    old: Database, revision: str, statement: str
) -> None:
    migrations.upgrade(old.engine)
    migrations.downgrade(old.engine, revision)
    raw = sqlite3.connect(str(old.engine.url.database))
    with pytest.raises(sqlite3.IntegrityError, match="label is append-only"):
        raw.execute(statement)
    raw.close()
