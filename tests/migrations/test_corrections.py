"""Revision 0012 over a filled database: nothing was corrected before, and no correction is lost."""

from __future__ import annotations

import pytest

import migrations
from storage.database import Database
from storage.enums import ItemState, LabelValue
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema


def test_a_database_of_before_has_no_corrections_and_is_else_as_it_was(
    database: Database, factory: Factory
) -> None:
    factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE)
    migrations.downgrade(database.engine, "0011")
    before = rows(database)
    migrations.upgrade(database.engine, "0012")
    assert rows(database) == {**before, "correction": []}


def test_a_correction_is_not_given_up_for_a_verdict_known_to_be_wrong(
    database: Database, factory: Factory
) -> None:
    item = factory.item(ItemState.RESOLVED, verdict=LabelValue.FAKE)
    factory.correction(factory.admin(), item, LabelValue.REAL)
    before = rows(database), schema(database)
    with pytest.raises(RuntimeError, match="no place for 1 corrections of verdicts"):
        migrations.downgrade(database.engine, "0011")
    assert (rows(database), schema(database)) == before
