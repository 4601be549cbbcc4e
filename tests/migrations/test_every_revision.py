"""What holds for each revision, over a filled database: going up or down loses nothing, and nothing
that people did can be rewritten."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine

import migrations
from storage.database import Database
from storage.enums import ItemState, LabelValue
from tests.empty import FilledFolder
from tests.factories import Factory
from tests.migrations.snapshots import rows, schema

APPEND_ONLY = ("audit_event", "decision", "known_label", "label")
REVISIONS = migrations.revisions()
STEPS = list(pairwise(REVISIONS))
Stations = dict[str, FilledFolder]
"""The files of the same database by the revision that it is at."""


@pytest.fixture(scope="module")
def taken_down(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Stations:
    """A database with rows that every revision has a place for, taken down step by step."""
    folder = tmp_path_factory.mktemp("filled")
    with closing(Database(f"sqlite:///{shutil.copy(migrated_file, folder)}")) as database:
        _fill(Factory(database))
    return _stations(FilledFolder.of(folder), REVISIONS[::-1], migrations.downgrade, folder)


@pytest.fixture(scope="module")
def brought_up(taken_down: Stations, tmp_path_factory: pytest.TempPathFactory) -> Stations:
    """What was taken down to the first revision, brought up again step by step."""
    folder = tmp_path_factory.mktemp("up")
    return _stations(taken_down[REVISIONS[0]], REVISIONS, migrations.upgrade, folder)


def _stations(
    first: FilledFolder, path: list[str], move: Callable[[Engine, str], None], folder: Path
) -> Stations:
    """The database's files at each revision of a path that begins where ``first`` is."""
    found = {path[0]: first}
    first.put(folder)
    for revision in path[1:]:
        with closing(_open(folder)) as database:
            move(database.engine, revision)
        found[revision] = FilledFolder.of(folder)
    return found


def _open(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'review.db'}")


def _fill(factory: Factory) -> None:
    person = factory.person()
    first = factory.image()
    factory.image(near_id=first, near_distance=2)
    for state in ItemState:
        item_id = factory.item(state, known=LabelValue.FAKE, decided=True)
        factory.prediction(item_id)
        factory.label(person, item_id, LabelValue.REAL, comment="looked twice")


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_up_and_down_again_loses_nothing(
    older: str, newer: str, taken_down: Stations, tmp_path: Path
) -> None:
    taken_down[older].put(tmp_path / "older")
    taken_down[newer].put(tmp_path / "newer")
    with closing(_open(tmp_path / "older")) as one, closing(_open(tmp_path / "newer")) as other:
        before = rows(one), schema(one)
        assert all(before[0][table] for table in APPEND_ONLY)
        migrations.upgrade(one.engine, newer)
        # So whatever revision a database is upgraded from, its schema becomes a new one's.
        assert schema(one) == schema(other)
        migrations.downgrade(one.engine, older)
        assert (rows(one), schema(one)) == before


@pytest.mark.parametrize("at_once", [True, False])
def test_the_schema_after_every_upgrade_is_that_of_a_new_database(
    at_once: bool, taken_down: Stations, brought_up: Stations, migrated_file: Path, tmp_path: Path
) -> None:
    (taken_down[REVISIONS[0]] if at_once else brought_up[REVISIONS[-1]]).put(tmp_path)
    with closing(_open(tmp_path)) as database, closing(_open(migrated_file.parent)) as new:
        migrations.upgrade(database.engine)
        assert schema(database) == schema(new)


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("way", ["taken_down", "brought_up"])
def test_what_people_did_cannot_be_rewritten_after_going_down_or_up(
    revision: str, way: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    request.getfixturevalue(way)[revision].put(tmp_path)
    with (
        closing(_open(tmp_path)) as database,
        closing(sqlite3.connect(tmp_path / "review.db")) as raw,
    ):
        before = rows(database)
        for table in APPEND_ONLY:
            for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
                with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
                    raw.execute(statement)
        assert rows(database) == before
