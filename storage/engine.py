"""The engine: how a connection behaves on SQLite, and what a transaction that writes means there.

SQLite lets one connection write at a time. A transaction that reads first and writes later can
find that somebody else wrote in between, and fails with "database is locked" whatever the
timeout. So writers say so at the start (``BEGIN IMMEDIATE``) and queue up for ``busy_timeout``.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

BUSY_TIMEOUT_MS = 30_000
_AGAIN_SECONDS = 0.01
WIDE_CACHE_KIB = 65_536
WAL_PAGES = 8_000
"""Of 4 kB: the log of changes is copied into the database when it has grown to 32 MB."""


def make_engine(url: str) -> Engine:
    """An engine for ``url``, with SQLite's pragmas set on every connection."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False}, pool_size=20)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def widen_cache(connection: Connection) -> None:
    """More memory for a connection that does much at once, in its temporary tables too."""
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        for schema in ("main", "temp"):
            driver.execute(f"PRAGMA {schema}.cache_size=-{WIDE_CACHE_KIB}")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    _write_ahead(connection)
    for pragma in (
        "foreign_keys=ON",
        # INSERT OR REPLACE fires the delete triggers of append-only tables only with this.
        "recursive_triggers=ON",
        "cache_size=-16384",
        # Triage puts items into random places of the queue, batch after batch: with the default
        # (4 MB) each batch would copy the same pages again. Larger, and whoever commits the change
        # that fills the log, a reviewer's answer perhaps, waits longer for it to be copied.
        f"wal_autocheckpoint={WAL_PAGES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
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


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("writes", False):
        connection.exec_driver_sql("BEGIN")
        return
    # An acknowledged label must survive a power cut too, so its commit reaches the disk.
    level = "FULL" if options.get("durable", True) else "NORMAL"
    if connection.info.get("synchronous") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")
        connection.info["synchronous"] = level
    connection.exec_driver_sql("BEGIN IMMEDIATE")
