"""A small deployment in which everything has happened, for copying."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from benchmarks.trust_scene import make
from benchmarks.trust_tampering import DATABASE, copied
from review_app.durability import integrity
from review_app.durability.integrity import Report
from storage.database import Database

Copy = Callable[[], Path]


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of `benchmarks.trust_scene`."""
    return make(tmp_path_factory.mktemp("scene"))


@pytest.fixture
def copy(scene: Path, tmp_path: Path) -> Copy:
    """Makes copies of it."""
    numbers = count(1)
    return lambda: copied(scene, tmp_path / f"copy-{next(numbers)}")


def opened(data: Path) -> closing[Database]:
    """The database of a copy."""
    return closing(Database(f"sqlite:///{data / DATABASE}"))


def found(data: Path) -> list[str]:
    """What a check says, in words."""
    return [finding.text for finding in report(data).findings]


def report(data: Path) -> Report:
    """What a check says."""
    with opened(data) as database:
        return integrity.check(database)


def rewrite(data: Path, *statements: str) -> None:
    """Do what only somebody with the file and the will can do."""
    with closing(sqlite3.connect(data / DATABASE)) as file, file:
        guards = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE%'"
        ).fetchall()
        for name, _ in guards:
            file.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            file.execute(statement)
        for _, sql in guards:
            file.execute(sql)
