"""Revision 0008 over a filled database: what waits has its place, and keeps it from then on."""

from __future__ import annotations

import pytest

import migrations
from storage.database import Database
from storage.enums import ItemState
from tests.factories import Factory
from tests.migrations.snapshots import rows


@pytest.fixture
def old(database: Database, factory: Factory) -> Database:
    """A filled database as the program of revision 0007 left it."""
    for state in ItemState:
        factory.items(2, state)
    migrations.downgrade(database.engine, "0007")
    return database


def test_what_waits_gets_its_place_and_the_items_stay_as_they_were(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, "0008")
    after = rows(old)
    waits = {"in_review", "escalated"}
    expected = [(i["state"], i["rank"], i["id"]) for i in before["item"] if i["state"] in waits]
    places = [(p["state"], p["rank"], p["item_id"]) for p in after.pop("queue_place")]
    assert len(places) == 4
    assert places == sorted(expected)
    assert after == before


def test_items_that_come_afterwards_have_places_too(old: Database, factory: Factory) -> None:
    migrations.upgrade(old.engine)
    item_id = factory.item(rank=-1.5)
    places = {place["item_id"]: place["rank"] for place in rows(old)["queue_place"]}
    assert places[item_id] == -1.5
