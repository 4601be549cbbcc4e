"""Revision 0002 over a filled database: every row stays."""

from __future__ import annotations

import sqlite3

import pytest

import migrations
from review_app.core.errors import SchemaError
from review_app.opening import ensure_schema
from storage.database import Database
from storage.enums import LabelValue
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema, without

NEW = {"score", "novelty"}


@pytest.fixture
def old(database: Database, factory: Factory) -> Database:
    """A filled database as the program of revision 0001 left it."""
    person = factory.person()
    for p_fake in (0.0, 0.1, 0.1 + 0.2, 0.83, 1.0):
        item_id = factory.item(known=LabelValue.FAKE)
        factory.decision(item_id, p_fake=p_fake, score=0.5, novelty=3.0)
        factory.prediction(item_id, p_fake=p_fake, score=0.5, novelty=3.0)
        factory.label(person, item_id, LabelValue.REAL)
    migrations.downgrade(database.engine, "0001")
    return database


def test_an_upgrade_keeps_every_row_and_scores_are_what_p_fake_was(old: Database) -> None:
    before = rows(old)
    assert not NEW & before["decision"][0].keys()
    migrations.upgrade(old.engine, "0002")
    after = rows(old)
    for table in ("decision", "prediction"):
        assert len(after[table]) == 5
        assert all(row["score"] == row["p_fake"] for row in after[table])
        assert all(row["novelty"] is None for row in after[table])
    assert without(after, NEW) == before


def test_an_upgrade_that_fails_leaves_the_triggers_on(old: Database) -> None:
    raw = sqlite3.connect(str(old.engine.url.database))
    raw.execute("CREATE TABLE _alembic_tmp_decision (id INTEGER)")  # in the way of the copy
    raw.commit()
    raw.close()
    before = rows(old), schema(old)
    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(old.engine)
    assert (rows(old), schema(old)) == before
    assert migrations.current_revision(old.engine) == "0001"


def test_the_program_asks_for_the_upgrade_and_touches_nothing_before(old: Database) -> None:
    before = schema(old)
    with pytest.raises(SchemaError, match=r"revision 0001.* needs \d{4}.*db upgrade"):
        ensure_schema(old)
    assert schema(old) == before
