"""Have SQLite write changes to a log first."""

from __future__ import annotations

import sqlite3
import time

BUSY_TIMEOUT_MS = 30_000
_AGAIN_SECONDS = 0.01


def write_ahead(connection: sqlite3.Connection) -> None:
    """Have changes go to a log first, so that readers and a writer do not hold each other up.

    SQLite does not wait where another program switches the same new database at this moment.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_SECONDS)
