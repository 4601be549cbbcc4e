"""Revision 0025 over a filled database: a table more, and nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import migrations
from storage.database import Database
from tests.migrations.old import DATABASE, restored
from tests.migrations.snapshots import rows

BEFORE, AFTER = "0024", "0025"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Database]:
    folder = restored("0017", tmp_path)
    with closing(Database(f"sqlite:///{folder / DATABASE}")) as database:
        migrations.upgrade(database.engine, BEFORE)
        yield database


def test_no_image_of_before_was_looked_at(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, AFTER)
    after = rows(old)
    assert after.pop("face") == []
    assert after == before


def test_what_was_found_goes_with_the_table(old: Database) -> None:
    migrations.upgrade(old.engine)
    with old.write() as repos:
        (item,) = repos.items.get_many([1])
        repos.faces.put_many("finder-1", {item.id: [[0.1, 0.2, 0.3, 0.4, 0.99]]})
    migrations.downgrade(old.engine, BEFORE)
    assert "face" not in rows(old)
    migrations.upgrade(old.engine)
    with old.read() as repos:
        assert repos.faces.of_items([1]) == {}
