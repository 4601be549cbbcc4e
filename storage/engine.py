"""The engine: how a connection behaves on SQLite, and what a transaction that writes means there.

SQLite lets one connection write at a time. A transaction that reads first and writes later can
find that somebody else wrote in between, and fails with "database is locked" whatever the
timeout. So writers say so at the start (``BEGIN IMMEDIATE``) and queue up for ``busy_timeout``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url

from storage.errors import Fault, StorageFault
from storage.files import DatabaseFiles
from storage.wal import BUSY_TIMEOUT_MS, write_ahead

CACHE_KIB = 16_384
WIDE_CACHE_KIB = 65_536
NARROW_CACHE_KIB = 1_024
WAL_PAGES = 8_000
"""The size in pages of 4 kB at which the log of changes is copied into the database: 32 MB."""


def files_of(url: str) -> DatabaseFiles:
    """The files that ``url`` names."""
    parsed = make_url(url)
    name = parsed.database or ""
    is_file = parsed.get_backend_name() == "sqlite" and name not in ("", ":memory:")
    return DatabaseFiles(Path(name) if is_file and not name.startswith("file:") else None)


def make_reading_engine(url: str) -> Engine:
    """An engine for the database file that ``url`` names, in a place that may not be written to.

    SQLite wants to make the log of changes and its index even to read. Where there is no log, the
    file is all there is, and is opened as one that nobody changes meanwhile; where there is one,
    its index must be there, too.
    """
    path = Path(make_url(url).database or "").absolute()
    log = Path(f"{os.path.realpath(path)}-wal")
    kept = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.as_uri()}?{kept}", uri=True, check_same_thread=False)

    engine = create_engine(url, creator=connect, pool_size=20)
    event.listen(engine, "connect", _prepare_reading)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def make_engine(url: str, files: DatabaseFiles) -> Engine:
    """An engine for ``url``, with SQLite's pragmas set on every connection; ``files`` are compared
    with what is on disk whenever one is opened."""
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    # The connection given back last is used next: its statements are compiled, its pages at hand.
    engine = create_engine(
        url, connect_args={"check_same_thread": False}, pool_size=20, pool_use_lifo=True
    )
    event.listen(engine, "do_connect", lambda *_: files.before_opening())
    event.listen(engine, "connect", lambda *_: files.check())  # no others in between
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "commit", _commit_sqlite)
    # SQLAlchemy compiles these anew each time, and every answer of a shared transaction is one.
    engine.dialect.do_savepoint = partial(_mark, "SAVEPOINT")  # type: ignore[method-assign]
    engine.dialect.do_release_savepoint = partial(_mark, "RELEASE")  # type: ignore[method-assign]
    return engine


def widen_cache(connection: Connection) -> None:
    """More memory for a connection that does much at once, in its temporary tables too."""
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        for schema in ("main", "temp"):
            driver.execute(f"PRAGMA {schema}.cache_size=-{WIDE_CACHE_KIB}")


@contextmanager
def narrow_cache(connection: Connection) -> Iterator[None]:
    """Hardly any memory meanwhile for pages: of large values that are read once, none is met again,
    and they would only put others out."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute(f"PRAGMA cache_size=-{NARROW_CACHE_KIB}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA cache_size=-{CACHE_KIB}")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    write_ahead(connection)
    for pragma in (
        "foreign_keys=ON",
        # INSERT OR REPLACE fires the delete triggers of append-only tables only with this.
        "recursive_triggers=ON",
        f"cache_size=-{CACHE_KIB}",
        # Triage puts items into random places of the queue, batch after batch: with the default
        # (4 MB) each batch would copy the same pages again. Larger, and whoever commits the change
        # that fills the log, a reviewer's answer perhaps, waits longer for it to be copied.
        f"wal_autocheckpoint={WAL_PAGES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_reading(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only=ON")


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


def _mark(word: str, connection: Connection, name: str) -> None:
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    driver.execute(f"{word} {name}")


def _commit_sqlite(connection: Connection) -> None:
    """Commit, if there still is a transaction: on a full disk SQLite may roll everything back by
    itself, and go on without one; the driver's commit does nothing then, and says nothing."""
    driver = connection.connection.driver_connection
    if connection.get_execution_options().get("writes", False) and not is_open(driver):
        raise StorageFault(Fault.FAILING, "the transaction was rolled back by the database itself")


def is_open(driver: Any) -> bool:
    """Whether the driver's connection is inside a transaction."""
    return bool(getattr(driver, "in_transaction", True))
