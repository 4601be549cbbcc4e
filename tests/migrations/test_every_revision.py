"""What holds for each revision, over a filled database: going up or down loses nothing, and nothing
that people did can be rewritten."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

import migrations
from storage.database import Database
from storage.enums import ItemState, LabelValue
from tests.empty import FilledFolder
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema

APPEND_ONLY = ("audit_event", "decision", "known_label", "label")
REVISIONS = migrations.revisions()
STEPS = list(pairwise(REVISIONS))


@pytest.fixture(scope="module")
def filled_folder(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> FilledFolder:
    """A database with rows that every revision has a place for, and its keys."""
    folder = tmp_path_factory.mktemp("filled")
    with closing(Database(f"sqlite:///{shutil.copy(migrated_file, folder)}")) as database:
        _fill(Factory(database))
    return FilledFolder.of(folder)


@pytest.fixture
def filled(filled_folder: FilledFolder, tmp_path: Path) -> Iterator[Database]:
    """This test's own copy of it."""
    filled_folder.put(tmp_path)
    with closing(Database(f"sqlite:///{tmp_path / 'review.db'}")) as database:
        yield database


def _fill(factory: Factory) -> None:
    person = factory.person()
    first = factory.image()
    factory.image(near_id=first, near_distance=2)
    for state in ItemState:
        item_id = factory.item(state, known=LabelValue.FAKE, decided=True)
        factory.prediction(item_id)
        factory.label(person, item_id, LabelValue.REAL, comment="looked twice")


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_up_and_down_again_loses_nothing(older: str, newer: str, filled: Database) -> None:
    migrations.downgrade(filled.engine, older)
    before = rows(filled), schema(filled)
    assert all(before[0][table] for table in APPEND_ONLY)
    migrations.upgrade(filled.engine, newer)
    migrations.downgrade(filled.engine, older)
    assert (rows(filled), schema(filled)) == before


@pytest.mark.parametrize("older", REVISIONS[:-1])
def test_the_schema_after_an_upgrade_is_that_of_a_new_database(
    older: str, filled: Database, migrated_file: Path
) -> None:
    migrations.downgrade(filled.engine, older)
    migrations.upgrade(filled.engine)
    new = Database(f"sqlite:///{migrated_file}")
    assert schema(filled) == schema(new)
    new.close()


@pytest.mark.parametrize("revision", REVISIONS)
def test_what_people_did_cannot_be_rewritten_after_going_down_or_up(
    revision: str, filled: Database
) -> None:
    migrations.downgrade(filled.engine, revision)
    if revision != REVISIONS[0]:
        migrations.downgrade(filled.engine, REVISIONS[0])
        migrations.upgrade(filled.engine, revision)
    before = rows(filled)
    raw = sqlite3.connect(str(filled.engine.url.database))
    for table in APPEND_ONLY:
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                raw.execute(statement)
    raw.close()
    assert rows(filled) == before
