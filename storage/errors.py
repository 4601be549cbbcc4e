"""Faults of the files that the database lives in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError


class Fault(StrEnum):
    """A fault of the files."""

    LOST = "lost"
    """The files on disk are no longer those that the open connections write to."""
    DAMAGED = "damaged"
    """What SQLite finds in the files is no database."""
    FULL = "full"
    """There is no room, or a limit on the size of files was reached."""
    READ_ONLY = "read_only"
    """The disk, or the files, may not be written to."""
    FAILING = "failing"
    """The disk does not do what it is told."""


class StorageFault(Exception):  # noqa: N818 - a fault of the surroundings, told as an error above
    """The database's files cannot be used; ``detail`` says which and why, in English."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


_BY_CODE = {
    sqlite3.SQLITE_READONLY_DBMOVED: Fault.LOST,
    sqlite3.SQLITE_IOERR_SHORT_READ: Fault.DAMAGED,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_READONLY: Fault.READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: Fault.FAILING,
    sqlite3.SQLITE_IOERR: Fault.FAILING,
    sqlite3.SQLITE_CORRUPT: Fault.DAMAGED,
    sqlite3.SQLITE_NOTADB: Fault.DAMAGED,
}


def fault_of(error: BaseException) -> StorageFault | None:
    """The fault that ``error`` comes from; None where it is about something else.

    Where SQLite has rolled everything back by itself, what is raised afterwards only says that
    there is no transaction: so what came before it is asked, too. Of errors that are no database's,
    it is not: they have a meaning of their own.
    """
    if not isinstance(error, StorageFault | SQLAlchemyError | sqlite3.Error):
        return None
    for each in _with_what_came_before(error):
        if isinstance(each, StorageFault):
            return each
        code = getattr(each, "sqlite_errorcode", None)
        fault = _BY_CODE.get(code, _BY_CODE.get(code & 0xFF)) if code is not None else None
        if fault is not None:
            return StorageFault(fault, str(each))
    return None


def _with_what_came_before(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__context__, each.__cause__, getattr(each, "orig", None)]


class ReadOnlyError(RuntimeError):
    """Code tried to change something inside ``Database.read()``: a mistake in the program."""


class TransitionError(RuntimeError):
    """Code tried to take an item where it may not go, as nothing declares: a mistake in the
    program."""
