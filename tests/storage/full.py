"""Disks that are full or read-only, as far as that goes without privileges, for root too."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event

from storage.database import Database
from tests.storage.harm import log_of


@contextmanager
def no_room_in_files(path: Path, more: int = 0) -> Iterator[None]:
    """The system lets no file of this process grow beyond the log of the database, and ``more``
    bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log_of(path).stat().st_size + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def no_more_pages(database: Database, more: int = 0) -> Iterator[None]:
    """SQLite lets the database grow by ``more`` pages at most."""
    with database.read() as repos:
        connection = repos.session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with _always(database, f"PRAGMA max_page_count={pages + more}"):
        yield


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """SQLite refuses every change."""
    with _always(database, "PRAGMA query_only=ON"):
        yield


@contextmanager
def _always(database: Database, pragma: str) -> Iterator[None]:
    """Every connection has it as long as this lasts."""

    def set_it(connection: Connection) -> None:
        connection.exec_driver_sql(pragma)

    event.listen(database.engine, "begin", set_it)
    try:
        yield
    finally:
        event.remove(database.engine, "begin", set_it)
        database.engine.dispose()  # those that have it
