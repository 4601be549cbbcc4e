"""The files on disk are compared with those that the open connections write to.

SQLite does not ask. Where the log of changes is deleted or replaced under a running server, or the
database is, commits go on and succeed, into files that nobody can open any more. So each write asks
before it begins and before it is told done; three calls of ``stat`` take some microseconds.

The database and its index are never opened here but by SQLite: where a process closes a file, it
loses all its locks on it, and another program could then take the log away. On the log there are
no locks.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from storage.errors import Fault, StorageFault
from storage.wal import BUSY_TIMEOUT_MS, write_ahead

_LOG_BEGINS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""The first bytes of a log of changes (SQLite, WAL file format)."""


class DatabaseFiles:
    """The database, its log and the log's index, for as long as the program runs.

    A connection of its own is kept open, so that the log is the same from first to last: SQLite
    deletes it with the last connection. Without a path, nothing is held and all is well. Safe to
    share between threads.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = Path() if path is None else path.absolute()
        real = os.path.realpath(self.path)  # where SQLite puts the others, if this is a link
        names = (str(self.path), f"{real}-wal", f"{real}-shm")
        self._paths: tuple[str, ...] = () if path is None else names
        self._anchor: sqlite3.Connection | None = None
        self._log = -1  # a descriptor of the log; on the others SQLite has locks
        self._held: list[tuple[int, int] | None] = []  # device and inode of each
        self._n_bytes = 0  # of the database, when it was last written to
        self._lost: str | None = None
        self._lock = threading.Lock()

    @property
    def database(self) -> Path | None:
        """The database; None where it is no file, or may only be read."""
        return self.path if self._paths else None

    @property
    def lost(self) -> str | None:
        """Why nothing may be written any more; None while all is well."""
        return self._lost

    def before_opening(self) -> None:
        """Look before each connection is opened; the first time, the files are made out.

        Raises:
            StorageFault: the files are others than those that are open.
        """
        with self._lock:
            if self._paths and self._anchor is None and self._lost is None:
                self._adopt()
        self.check()

    def check(self) -> None:
        """Compare the files on disk with those that are open.

        Raises:
            StorageFault: they are others, or were so once: what was written since is not there.
        """
        if self._lost is not None:
            self._refuse(self._lost)
        if self._held:
            self._compare()

    def check_written(self) -> None:
        """Do ``check`` after a commit and before anybody is told of it. One thread at a time.

        It also finds files that were emptied or cut off where they are: a commit goes after what
        was there, and behind a hole nobody finds it.
        """
        if self._lost is not None:
            self._refuse(self._lost)
        if not self._held:
            return
        n_bytes = self._compare()
        if n_bytes < self._n_bytes and (damage := self._damage()):
            self._refuse(f"{self.path} has become shorter, and is damaged ({damage})")
        self._n_bytes = n_bytes
        # An empty one is whole, too: nothing was written since it was taken over.
        os.lseek(self._log, 0, os.SEEK_SET)
        if os.read(self._log, 4) not in (b"", *_LOG_BEGINS):
            self._refuse(f"{self._paths[1]} was emptied or written over")

    def expect(self, version: int) -> None:
        """Open the files anew, and find ``version`` or a later one as the ``user_version``."""
        if not self._held:
            return
        with closing(self._open_anew()) as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        if found < version:
            self._refuse(f"{self.path} has not what was stored in it a moment ago")

    def rescue(self, out: Path) -> None:
        """Copy into the new file ``out`` what the open connections see, lost files or not."""
        assert self._anchor is not None
        out.touch(mode=0o600, exist_ok=False)
        with closing(sqlite3.connect(out)) as copy:
            self._anchor.backup(copy)

    def close(self) -> None:
        """Close after the last other connection. Lost files are left as they are.

        The last connection to close would write the lost log over whatever is there by now. So the
        connection of our own stays open until the process is gone, whose end writes nothing.
        """
        with self._lock:
            if self._lost is not None:
                _keep_until_the_end(self._anchor)
            elif self._anchor is not None:
                self._anchor.close()
            if self._held:
                os.close(self._log)
            self._anchor, self._held = None, []

    def _adopt(self) -> None:
        before = _about(self._paths[0])
        anchor = sqlite3.connect(self.path, check_same_thread=False, timeout=BUSY_TIMEOUT_MS / 1000)
        write_ahead(anchor)
        anchor.execute("SELECT count(*) FROM sqlite_master").fetchone()  # opens the log, too
        held = [_identity(_about(path)) for path in self._paths]
        if None in held or (before is not None and _identity(before) != held[0]):
            anchor.close()
            raise StorageFault(Fault.LOST, f"{self.path} was replaced while it was being opened")
        self._log = os.open(self._paths[1], os.O_RDONLY)
        if _identity(os.fstat(self._log)) != held[1]:
            raise StorageFault(Fault.LOST, f"{self._paths[1]} was replaced while it was opened")
        self._anchor, self._held = anchor, held

    def _compare(self) -> int:
        """The bytes of the database, if the files are those that are open."""
        n_bytes = 0
        for path, held in zip(self._paths, self._held, strict=True):
            about = _about(path)
            if _identity(about) != held:
                what = "is gone" if about is None else "was replaced by another file"
                self._refuse(f"{path} {what}")
            if about is not None and path is self._paths[0]:
                n_bytes = about.st_size
        return n_bytes

    def _refuse(self, detail: str) -> NoReturn:
        self._lost = detail
        raise StorageFault(Fault.LOST, detail)

    def _damage(self) -> str | None:
        """What a look at the whole file finds; None where it is in order, as after a VACUUM."""
        try:
            with closing(self._open_anew()) as connection:
                (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                return None if found == "ok" else str(found)
        except sqlite3.Error as error:
            return str(error)

    def _open_anew(self) -> sqlite3.Connection:
        # "rw": where the file is gone, no other is made in its place.
        return sqlite3.connect(
            f"{self.path.as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_MS / 1000
        )


def _about(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - a Path would take twice as long
    except OSError:
        return None


def _identity(about: os.stat_result | None) -> tuple[int, int] | None:
    return None if about is None else (about.st_dev, about.st_ino)


def _keep_until_the_end(thing: object) -> None:
    """Have Python never let go of ``thing``, not even at its own end."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))
