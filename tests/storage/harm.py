"""What can happen to a database's files under a running program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Harm = Callable[[Path], None]
"""Does it to the database at a path."""

_LOOK_AND_CLOSE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM option").fetchone()
connection.close()
"""


def log_of(path: Path) -> Path:
    """The log of changes of the database."""
    return path.with_name(f"{path.name}-wal")


def delete_the_log(path: Path) -> None:
    log_of(path).unlink()


def replace_the_log(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copyfile(log_of(path), copy)
    copy.replace(log_of(path))


def delete_the_index(path: Path) -> None:
    path.with_name(f"{path.name}-shm").unlink()


def replace_the_database(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copyfile(path, copy)
    copy.replace(path)


def delete_the_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def lose_the_locks(path: Path) -> None:
    """A process that opens and closes its database file has lost its locks: whoever opens and
    closes the database next takes its log away."""
    path.open("rb").close()
    look_and_close(path)
    assert not log_of(path).exists()


def look_and_close(path: Path) -> None:
    """What any command does, in a process of its own."""
    subprocess.run([sys.executable, "-c", _LOOK_AND_CLOSE, str(path)], check=True)


def empty_the_log(path: Path) -> None:
    os.truncate(log_of(path), 0)


def cut_the_database_off(path: Path) -> None:
    os.truncate(path, 4096 * 2)


MOVED: tuple[Harm, ...] = (
    delete_the_log,
    replace_the_log,
    delete_the_index,
    replace_the_database,
    delete_the_folder,
    lose_the_locks,
)
"""Other files are there afterwards, or none."""
IN_PLACE: tuple[Harm, ...] = (empty_the_log, cut_the_database_off)
"""The same files are there afterwards, with less in them."""
