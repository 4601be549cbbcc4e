"""Files that are replaced, deleted or emptied under a running program: nothing that would be lost
is told to be stored, and nothing that was is gone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.database import Database
from storage.errors import Fault, StorageFault
from storage.group_commit import GroupCommit
from tests.storage.harm import (
    IN_PLACE,
    MOVED,
    Harm,
    delete_the_log,
    log_of,
    look_and_close,
    replace_the_database,
)


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    """The database, in a folder of its own."""
    return tmp_path / "review.db"


def put(database: Database, key: str) -> None:
    with database.write() as repos:
        repos.options.set(key, {}, None)


def keys(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM option")}


@pytest.mark.parametrize("harm", MOVED + IN_PLACE)
def test_no_write_succeeds_once_its_files_are_others(
    harm: Harm, database: Database, path: Path
) -> None:
    put(database, "before")
    harm(path)
    for _ in range(2):
        with pytest.raises(StorageFault) as told:
            put(database, "after")
        assert told.value.fault is Fault.LOST


@pytest.mark.parametrize("harm", MOVED + IN_PLACE)
def test_a_write_during_which_it_happens_is_not_told_done(
    harm: Harm, database: Database, path: Path
) -> None:
    put(database, "before")

    def write_meanwhile() -> None:
        with database.write() as repos:
            repos.options.set("meanwhile", {}, None)
            repos.session.flush()
            harm(path)

    with pytest.raises(StorageFault):
        write_meanwhile()


@pytest.mark.parametrize("harm", MOVED)
def test_the_same_with_connections_of_their_own_and_shared_ones(
    harm: Harm, database: Database, path: Path
) -> None:
    put(database, "before")
    shared = GroupCommit(database)
    with database.private() as private:
        harm(path)
        with pytest.raises(StorageFault), private.write() as repos:
            repos.options.set("private", {}, None)
    told = shared.submit(lambda transaction: None)
    with pytest.raises(StorageFault):
        told.result()
    shared.close()


@pytest.mark.parametrize("harm", MOVED + IN_PLACE)
def test_it_is_found_out_while_nobody_writes(harm: Harm, database: Database, path: Path) -> None:
    put(database, "before")
    database.beat()
    harm(path)
    with pytest.raises(StorageFault):
        database.beat()
    assert database.files.lost
    with pytest.raises(StorageFault):
        database.check()


@pytest.mark.parametrize("harm", MOVED)
def test_all_that_was_stored_until_then_can_be_saved(
    harm: Harm, database: Database, path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stored = {f"before {i}" for i in range(20)}
    for key in stored:
        put(database, key)
    harm(path)
    with pytest.raises(StorageFault):
        put(database, "after")
    saved = tmp_path_factory.mktemp("saved") / "saved.db"
    database.files.rescue(saved)
    assert keys(saved) == stored
    assert saved.stat().st_mode & 0o777 == 0o600


def test_files_that_come_back_are_not_written_to_again(database: Database, path: Path) -> None:
    put(database, "before")
    aside = path.with_name("aside")
    path.rename(aside)
    with pytest.raises(StorageFault):
        database.check()
    aside.rename(path)
    with pytest.raises(StorageFault):
        put(database, "after")


LOSES_ITS_LOG = """
import sys
from pathlib import Path
from storage.database import Database
from storage.errors import StorageFault
from tests.storage.harm import delete_the_index, delete_the_log

path = Path(sys.argv[1])
database = Database(f"sqlite:///{sys.argv[1]}")
with database.write() as repos:
    repos.options.set("before", {}, None)
path.open("rb").close()  # its locks are gone
delete_the_log(path)
delete_the_index(path)
try:
    database.check()
except StorageFault:
    print("lost", flush=True)
sys.stdin.readline()
database.close()
"""


def test_the_end_of_the_program_writes_no_lost_log_over_what_came_after_it(
    database: Database, path: Path
) -> None:
    database.close()
    with subprocess.Popen(
        [sys.executable, "-c", LOSES_ITS_LOG, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "lost\n"
        later = [f"after {i}" for i in range(200)]
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DELETE FROM option")
            rows = [(key, '"' + "x" * 2000 + '"') for key in later]
            connection.executemany("INSERT INTO option VALUES (?, ?, NULL, '2026-01-01')", rows)
            connection.commit()
        process.communicate("\n")
    assert process.returncode == 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert keys(path) == set(later)


def test_another_program_that_goes_by_the_rules_is_no_reason_to_stop(
    database: Database, path: Path
) -> None:
    put(database, "before")
    for statement in (
        "DELETE FROM option",
        "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "INSERT INTO option VALUES ('x', '{}', NULL, '2026-01-01')",
        "PRAGMA wal_checkpoint(RESTART)",
    ):
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(statement).fetchall()
        put(database, statement)
        database.beat()
    with database.private() as private, private.write() as repos:
        repos.options.set("private", {}, None)
    database.engine.dispose()
    put(database, "after")
    database.beat()


def test_a_new_connection_to_other_files_is_refused(database: Database, path: Path) -> None:
    put(database, "before")
    replace_the_database(path)
    database.engine.dispose()
    with pytest.raises(StorageFault), database.read() as repos:
        repos.options.get("before")


def test_a_database_behind_a_link(database: Database, path: Path) -> None:
    put(database, "before")
    link = path.with_name("link.db")
    link.symlink_to(path)
    linked = Database(f"sqlite:///{link}")
    put(linked, "by the link")
    link.unlink()
    link.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(StorageFault):
        put(linked, "after")
    put(database, "after")
    linked.close()
    delete_the_log(path)
    with pytest.raises(StorageFault):
        put(database, "lost")


def test_the_checks_themselves_keep_the_locks(database: Database, path: Path) -> None:
    put(database, "before")
    database.check()
    database.beat()
    look_and_close(path)
    assert log_of(path).exists()
    put(database, "after")
