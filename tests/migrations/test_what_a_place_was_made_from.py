"""Revision 0022 over what an older program wrote: each rank's range becomes a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import migrations
from storage.database import Database
from storage.enums import PlacedBy
from tests.migrations.old import DATABASE, restored
from tests.migrations.snapshots import rows, schema, without

BEFORE, AFTER = "0021", "0022"
NEW = {"placed_by"}


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Database]:
    """A database of revision 0017 in which there is a place of each kind, brought to `BEFORE`."""
    folder = restored("0017", tmp_path)
    with closing(Database(f"sqlite:///{folder / DATABASE}")) as database:
        migrations.upgrade(database.engine, BEFORE)
        yield database


def meant(rank: float) -> PlacedBy:
    """What the older program took a rank for."""
    if rank >= 0:
        return PlacedBy.TIME
    if rank > -1:
        return PlacedBy.TIME_AGAIN
    return PlacedBy.WORTH if rank > -2 else PlacedBy.DEADLINE


def test_each_item_says_what_its_rank_said_and_is_else_as_it_was(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, AFTER)
    after = rows(old)
    found = {row["id"]: row["placed_by"] for row in after["item"]}
    assert found == {row["id"]: meant(row["rank"]).value for row in before["item"]}
    assert set(found.values()) == set(PlacedBy) - {PlacedBy.RACE, PlacedBy.HAND}  # which came later
    assert without(after, NEW) == before


def test_an_older_program_finds_all_as_it_was(old: Database) -> None:
    before = rows(old), schema(old)
    migrations.upgrade(old.engine, AFTER)
    migrations.downgrade(old.engine, BEFORE)
    assert (rows(old), schema(old)) == before
