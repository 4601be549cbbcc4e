"""Revision 0010 over a filled database: items know the first image that they look like."""

from __future__ import annotations

import migrations
from storage.database import Database
from tests.factories import Factory
from tests.migrations.snapshots import rows, without


def test_items_are_told_the_first_of_those_that_look_alike_however_many_steps_away(
    database: Database, factory: Factory
) -> None:
    with database.read() as repos:
        assert repos.images.get(1) is None
    near = [None, 1, 2, None, 4, 2]
    for near_id in near:
        factory.item(image={"near_id": near_id})
    migrations.downgrade(database.engine, "0009")
    before = rows(database)
    migrations.upgrade(database.engine, "0010")
    after = rows(database)
    assert [row["alike_id"] for row in after["item"]] == [None, 1, 1, None, 4, 1]
    assert without(after, {"alike_id"}) == before
