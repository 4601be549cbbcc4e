"""Revision 0004 over a filled database: tables that others refer to are copied, nothing is lost."""

from __future__ import annotations

from sqlite3 import IntegrityError

import pytest

import migrations
from storage.database import Database
from storage.enums import CheckpointKind, LabelValue
from storage.models import CheckpointRow, Image
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema


@pytest.fixture
def old(database: Database, factory: Factory) -> Database:
    """A filled database as the program of revision 0003 left it."""
    person = factory.person()
    first = factory.image()
    factory.image(near_id=first, near_distance=2)
    for _ in range(3):
        item_id = factory.item(known=LabelValue.FAKE, decided=True)
        factory.prediction(item_id)
        factory.label(person, item_id, LabelValue.REAL)
    migrations.downgrade(database.engine, "0003")
    return database


def test_an_upgrade_keeps_every_row_though_others_refer_to_it(old: Database) -> None:
    before = rows(old)
    migrations.upgrade(old.engine, "0004")
    after = rows(old)
    assert [row.pop("kind") for row in after["checkpoint"]] == ["trained"]
    assert all(row.pop("path") is None for row in after["image"])
    assert after == before


def test_foreign_keys_are_enforced_again_afterwards(old: Database) -> None:
    migrations.upgrade(old.engine)
    with old.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), old.write() as repos:
        repos.images.add(Image(sha256="0" * 64, near_id=999))


def test_a_row_that_refers_to_nothing_stops_the_upgrade(old: Database) -> None:
    with old.engine.execution_options(writes=True).connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("UPDATE image SET near_id = 999 WHERE id = 2")
        connection.commit()
        driver.execute("PRAGMA foreign_keys=ON")
    before = rows(old), schema(old)
    with pytest.raises(RuntimeError, match="refers to nothing"):
        migrations.upgrade(old.engine)
    assert (rows(old), schema(old)) == before


@pytest.mark.parametrize("values", [{}, {"path": "a.png", "public_type": "image/png"}])
def test_an_image_needs_an_identity_and_a_picture_its_hash(
    values: dict[str, str], database: Database
) -> None:
    with pytest.raises(IntegrityError, match="CHECK"), database.write() as repos:
        repos.images.add(Image(**values))


def test_a_path_is_an_identity_only_where_there_is_no_hash(database: Database) -> None:
    with database.write() as repos:
        repos.images.add(Image(path="a.png"))
        for digit in "12":
            repos.images.add(Image(path="a.png", sha256=digit * 64))
    with pytest.raises(IntegrityError, match="UNIQUE"), database.write() as repos:
        repos.images.add(Image(path="a.png"))


@pytest.mark.parametrize("kind", ["image", "detector"])
def test_what_the_older_schema_cannot_hold_is_not_thrown_away(
    kind: str, database: Database
) -> None:
    with database.write() as repos:
        if kind == "image":
            repos.images.add(Image(path="a.png"))
        else:
            external = CheckpointRow(id="external:a", kind=CheckpointKind.EXTERNAL, card={})
            repos.checkpoints.register(external)
    before = rows(database)
    with pytest.raises(RuntimeError, match="restore the copy"):
        migrations.downgrade(database.engine, "0003")
    assert rows(database) == before
