"""Score files that were taken in become rows: each once, in the order of the log."""

from __future__ import annotations

import pytest

import migrations
from storage.database import Database
from storage.models import ScoreFile
from tests.factories import ACTOR, Factory
from tests.migrations.snapshots import rows

BEFORE, AFTER = "0019", "0020"
TABLE = "score_file"


def _file(name: str, sha256: str, scores: dict[str, int], items: list[int]) -> ScoreFile:
    return ScoreFile(
        name=name,
        sha256=sha256 * 32,
        rows=7,
        scores=scores,
        images=len(items),
        labels=2,
        first_item_id=items[0] if items else None,
        last_item_id=items[-1] if items else None,
        taken_by=ACTOR,
    )


@pytest.fixture
def taken(database: Database, factory: Factory) -> tuple[Database, list[int]]:
    """One file that brought items, one that brought none; and the items."""
    factory.item()
    items = factory.items(3)
    with database.write() as repos:
        repos.taken_files.add(_file("s.csv", "ab", {"external:ü": 3, "external:a": 0}, items))
    with database.write() as repos:
        repos.taken_files.add(_file("more.csv", "cd", {"external:a": 7}, []))
    return database, items


def test_each_event_of_a_score_file_is_one_row_in_order(
    taken: tuple[Database, list[int]],
) -> None:
    database, _ = taken
    whole = rows(database)
    migrations.downgrade(database.engine, BEFORE)
    before = rows(database)
    assert TABLE not in before
    migrations.upgrade(database.engine, AFTER)
    after = rows(database)
    assert after[TABLE] == whole[TABLE]
    assert [row["name"] for row in after[TABLE]] == ["s.csv", "more.csv"]
    assert {name: found for name, found in after.items() if name != TABLE} == before


def test_what_was_read_is_known_after_going_all_the_way(
    taken: tuple[Database, list[int]],
) -> None:
    database, items = taken
    migrations.downgrade(database.engine, "0001")
    migrations.upgrade(database.engine)
    with database.read() as repos:
        files = repos.taken_files
        assert files.has("ab" * 32, "external:ü")
        assert not files.has("cd" * 32, "external:ü")
        assert not files.has("ef" * 32, "external:a")
        found = [files.that_brought(item_id) for item_id in (items[0] - 1, *items, items[-1] + 1)]
    assert [None if file is None else file.name for file in found] == [
        None,
        "s.csv",
        "s.csv",
        "s.csv",
        None,
    ]
