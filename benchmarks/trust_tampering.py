"""Whether `db check` names what was changed behind the program's back: see `trust_changes`."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.trust_changes import CHANGES, Change
from benchmarks.trust_scene import make
from review_app.durability import integrity
from review_app.durability.integrity import Report
from storage.database import Database
from storage.seals import heads, keyring

DATABASE = "review.db"


def measure(folder: Path) -> dict[str, Any]:
    """Plant each change in a copy of a small deployment, and check that; ``folder`` is to be empty.

    ``false_alarms``: what a check says of the deployment that nobody has changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = make(folder / "scene")
    untouched = checked(made)
    told = []
    for number, change in enumerate(CHANGES):
        copy = copied(made, folder / str(number))
        report = plant(copy, change)
        told.append({"name": change.name, "named": report.named, "found": report.texts})
        shutil.rmtree(copy)
    return {
        "planted": len(told),
        "named": sum(one["named"] for one in told),
        "false_alarms": [finding.text for finding in untouched.findings],
        "changes": told,
    }


class Told:
    """What a check said after a change."""

    def __init__(self, change: Change, report: Report, keys: Sequence[Any]) -> None:
        self.texts = [finding.text for finding in report.findings]
        fitting = [
            finding
            for finding in report.findings
            if (finding.table, finding.kind) == (change.table, change.kind)
        ]
        named = {name for finding in fitting for span in finding.rows for name in _names(span)}
        self.named = bool(fitting) and {str(key) for key in keys} <= named


def copied(data: Path, folder: Path) -> Path:
    """The database with its key and heads, in a folder of its own."""
    folder.mkdir()
    for name in (keyring.FILE, heads.FILE):
        if (data / name).exists():
            shutil.copyfile(data / name, folder / name)
    with (
        closing(sqlite3.connect(data / DATABASE)) as source,
        closing(sqlite3.connect(folder / DATABASE)) as target,
    ):
        source.backup(target)
    return folder


def plant(data: Path, change: Change) -> Told:
    """Make the change in ``data``, and check."""
    with closing(sqlite3.connect(data / DATABASE, isolation_level=None)) as file:
        keys = [key for (key,) in file.execute(change.rows)]
        assert keys, f"there is nothing to change: {change.name}"
        file.execute("BEGIN IMMEDIATE")
        guards = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE%'"
        ).fetchall()
        for name, _ in guards:
            file.execute(f'DROP TRIGGER "{name}"')
        if isinstance(change.do, str):
            file.execute(change.do)
        else:
            change.do(file)
        for _, sql in guards if change.protects else ():
            file.execute(sql)
        file.execute("COMMIT")
    return Told(change, checked(data), keys)


def checked(data: Path) -> Report:
    """What `db check` finds."""
    with closing(Database(f"sqlite:///{data / DATABASE}")) as database:
        return integrity.check(database)


def _names(span: str) -> Iterator[str]:
    """The keys that a finding names."""
    first, _, last = span.partition("-")
    if first.isdigit() and last.isdigit():
        yield from map(str, range(int(first), int(last) + 1))
    else:
        yield span
