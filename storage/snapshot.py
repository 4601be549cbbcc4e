"""A copy of a database that others write to meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

STEP = 1000
"""Pages of 4 kB that are copied at a time; between two steps nothing is held up."""

Progress = Callable[[int, int], None]
"""A function that is called with (done, total)."""


def snapshot(path: Path, out: Path, progress: Progress = lambda done, total: None) -> None:
    """Copy the database ``path`` as it is now into the new file ``out``, one file without a log.

    Nobody waits for it: what others write meanwhile goes to the log, behind what is copied.

    Raises:
        sqlite3.Error: it cannot be read, or the copy not written.
    """
    with (
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(out)) as copy,
    ):
        source.isolation_level = None
        # One view of it from first to last: SQLite would begin anew whenever others have written.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(
            copy,
            pages=STEP,
            progress=lambda _status, left, total: progress(total - left, total),
            sleep=0,
        )
        copy.execute("PRAGMA journal_mode=DELETE")
