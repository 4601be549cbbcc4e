"""Transactions: ``read()`` and ``write()`` hand out the repositories, bound to one session.

A write commits when its block ends and rolls back when it raises; a read never commits and
refuses every change, so a handler that forgot to ask for a write fails loudly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Executable, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from storage.columns.process import can_read_apart, reading_apart
from storage.engine import (
    files_of,
    is_open,
    make_engine,
    make_reading_engine,
    widen_cache,
)
from storage.enums import AuditKind
from storage.errors import Fault, ReadOnlyError, StorageFault, fault_of
from storage.files import DatabaseFiles
from storage.repositories import Repositories
from storage.repositories.event_log import AuditLog, Event
from storage.repositories.export_batches import ExportBatches
from storage.seals import heads, keyring
from storage.seals.heads import ChainHead, HeadsFile
from storage.seals.keyring import Keyring, fingerprint
from storage.seals.keys import Keys
from storage.seals.sealing import KEYS, WritingSession, driver_of, sealing_of, watch

_MAX_BEATS = 2**31 - 1
__all__ = ["Database", "NestedTransactions", "PrivateConnection", "ReadOnlyError", "Transactions"]


class Transactions(Protocol):
    """A giver of repositories: a database, or one transaction of it that is under way."""

    def read(self) -> AbstractContextManager[Repositories]:
        """Repositories that read one state of the database, and write nothing."""
        ...

    def write(self) -> AbstractContextManager[Repositories]:
        """Repositories whose writes are stored together when the block ends, or not at all."""
        ...

    def together(self) -> AbstractContextManager[NestedTransactions]:
        """Several writes that are stored together; each may fail for itself."""
        ...


class Database:
    """One database, its engine and its transactions. Safe to share between threads.

    What is the matter with its files is raised as ``translate`` makes it out of a `StorageFault`.
    ``seal_key``: the file of keys that its audit log is chained under, made when the log begins;
    ``seal_heads``: the file that tells how far the log had come. Both lie beside the database file
    unless told otherwise. ``read_only``: nothing may be written where it lies; writes are refused.
    """

    def __init__(
        self,
        url: str,
        translate: Callable[[StorageFault], Exception] = lambda fault: fault,
        seal_key: Path | None = None,
        seal_heads: Path | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        self.read_only = read_only
        self.files = DatabaseFiles(None) if read_only else files_of(url)
        self.engine: Engine = (
            make_reading_engine(url) if read_only else make_engine(url, self.files)
        )
        self._translate = translate
        beside = Path(self.engine.url.database or "").parent
        self.keys = Keys(Keyring(seal_key or beside / keyring.FILE))
        self.heads = HeadsFile(seal_heads or beside / heads.FILE)
        self._reader = self.engine.execution_options(writes=False)
        event.listen(self._reader, "before_execute", _refuse_change)
        self._writers = {
            durable: self.engine.execution_options(writes=True, durable=durable)
            for durable in (True, False)
        }
        for writer in self._writers.values():
            event.listen(writer, "before_execute", watch)
        # SQLite lets waiting writers poll, and an unlucky one starves for seconds. Writers of this
        # process queue here instead; only those of other processes still meet at the file.
        self._turn = RLock()

    @contextmanager
    def read(self) -> Iterator[Repositories]:
        """Repositories over one consistent snapshot."""
        with (
            self._told(),
            Session(self._reader, autoflush=False, info={KEYS: self.keys}) as session,
        ):
            yield Repositories(session)

    @contextmanager
    def columns(self) -> Iterator[ExportBatches]:
        """What exports tell, over one consistent snapshot; of many items in a file, read by a
        process of its own beside this one."""
        with self.read() as repos:
            path = self.files.database if repos.export_batches.is_large else None
            if path is None or not can_read_apart():
                yield repos.export_batches
                return
        self.check()
        with self._told(), reading_apart(path) as reading:
            yield ExportBatches(reading)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Repositories]:
        """Repositories in one transaction that holds the write lock from its start.

        A write that is not ``durable`` is whole or not there at all, but a power cut may take it
        back until the next durable one: for work that the program does again by itself.
        """
        # What is not durable may be gone after a power cut, and the file of heads must never lead.
        tell = self.heads.add if durable else _tell_nobody
        with (
            self._turn_to_write(),
            WritingSession(
                self._writers[durable], expire_on_commit=False, info={KEYS: self.keys}
            ) as session,
            sealed(session, tell),
        ):
            yield Repositories(session)

    @contextmanager
    def together(self, *, savepoints: bool = True) -> Iterator[NestedTransactions]:
        """Several writes as one transaction, which reaches the disk once. ``savepoints``: see
        `NestedTransactions`."""
        with self.write() as repos:
            yield NestedTransactions(repos, savepoints=savepoints)

    @contextmanager
    def private(self) -> Iterator[PrivateConnection]:
        """A connection of its own, for work that needs temporary tables; closed at the end."""
        with self._told(), self.engine.connect() as connection:
            connection.detach()  # never back to the pool: its temporary tables go with it
            widen_cache(connection)
            event.listen(connection, "before_execute", watch)
            yield PrivateConnection(connection, self._turn_to_write, self.keys, self.heads.add)

    def check(self) -> None:
        """Raise the translated `StorageFault` where the files on disk are others than those that
        are open: nothing can be stored any more."""
        with self._told():
            self.files.check()

    def shrink(self) -> None:
        """Have connections that nobody uses just now give their caches of pages back."""
        pool = self.engine.pool
        if self.engine.dialect.name != "sqlite" or not isinstance(pool, QueuePool):
            return
        with self._told(), ExitStack() as stack:
            for _ in range(pool.checkedin()):  # together, or it would be the same one each time
                connection = stack.enter_context(closing(self.engine.raw_connection()))
                connection.cursor().execute("PRAGMA shrink_memory")

    def beat(self) -> None:
        """Store a number, and find it as somebody would who opens the files now.

        It finds out that nothing can be stored, or that what is stored is not there, while nobody
        stores anything. The number is one that SQLite keeps for whoever wants it: no table's.
        """
        with self.write() as repos:
            connection = repos.session.connection()
            beats = connection.exec_driver_sql("PRAGMA user_version").scalar_one() % _MAX_BEATS + 1
            connection.exec_driver_sql(f"PRAGMA user_version={beats}")
        with self._told():
            self.files.expect(beats)

    def rekey(self, actor: str) -> str:
        """Have the audit log chained under a new key from now on; its fingerprint.

        Two events tell of it. The first is the last under the old key; the second is under the new
        one, so that whoever has the old one can rewrite nothing from before.
        """
        with self.write() as repos:
            old = self.keys.in_use(driver_of(repos.session))
            told = {"key": self.keys.ring.add(), "was": fingerprint(old)}
            repos.audit.add(Event(AuditKind.REKEYED, actor, details=told))
            repos.audit.add(Event(AuditKind.SEALED, actor, details=told))
        return told["key"]

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        self.files.close()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Nobody else writes. What is committed inside is in the files on disk when this ends."""
        with self._told(), self._turn:
            if self.read_only:
                raise StorageFault(Fault.READ_ONLY, "the database may only be read")
            self.files.check()
            yield
            self.files.check_written()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            fault = fault_of(error)
            if fault is None:
                raise
            where = StorageFault(fault.fault, f"{fault.detail}: {self.engine.url.database}")
            raise self._translate(where) from error


@contextmanager
def sealed(session: WritingSession, tell: Callable[[ChainHead], None]) -> Iterator[None]:
    """A transaction of ``session`` at whose end everything that it wrote is sealed; ``tell`` hears
    of the log's head once that is on disk."""
    try:
        with session.begin():
            yield
            session.flush()
            if session.in_use:
                AuditLog(session).seal_rest()
        if session.head is not None:
            tell(session.head)
    finally:
        session.forget()


class SpoiltError(Exception):
    """A part of a transaction without savepoints has failed after it had written something: nothing
    of the transaction may stay."""


class NestedTransactions:
    """Writes that are parts of one transaction: one that raises leaves nothing.

    Without ``savepoints``, which cost more than a part itself does, a part that raises once it has
    written something raises `SpoiltError` in place of that, and takes all others with it.
    """

    def __init__(self, repos: Repositories, *, savepoints: bool = True) -> None:
        self._repos = repos
        self._savepoints = savepoints

    @property
    def is_open(self) -> bool:
        """Whether the transaction is still there: where the disk is full, SQLite ends it itself."""
        try:
            return is_open(self._repos.session.connection().connection.driver_connection)
        except InvalidRequestError:  # what was begun inside it could not be taken back
            return False

    @contextmanager
    def read(self) -> Iterator[Repositories]:
        """The repositories of the transaction, with what it has written so far."""
        yield self._repos

    @contextmanager
    def write(self) -> Iterator[Repositories]:
        """One part of the transaction; where it raises, that part alone is taken back."""
        session = self._repos.session
        try:
            with self._savepoint(session) if self._savepoints else _no_way_back(session):
                yield self._repos
        except BaseException:
            self._repos = Repositories(session)  # what this part has learnt is not so
            raise
        finally:
            # The next part sees what is stored, as it would in a session of its own.
            session.expunge_all()

    @contextmanager
    def together(self) -> Iterator[NestedTransactions]:
        """The transaction itself: parts of a part are parts."""
        yield self

    @contextmanager
    def _savepoint(self, session: Session) -> Iterator[None]:
        sealing = sealing_of(session)
        before = sealing.save()
        try:
            with session.begin_nested():
                session.connection()  # begins it: `Prepared` has the driver's own already
                yield
        except BaseException:
            sealing.restore(before)
            raise


@contextmanager
def _no_way_back(session: Session) -> Iterator[None]:
    driver = driver_of(session)
    before = driver.total_changes
    try:
        yield
        session.flush()
    except Exception as error:
        if driver.total_changes > before or not session.is_active:
            raise SpoiltError from error
        raise


class PrivateConnection:
    """One connection, whose temporary tables outlive its transactions."""

    def __init__(
        self,
        connection: Connection,
        turn: Callable[[], AbstractContextManager[None]],
        keys: Keys,
        tell: Callable[[ChainHead], None],
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._keys = keys
        self._tell = tell

    @contextmanager
    def scratch(self) -> Iterator[Session]:
        """A transaction over temporary tables alone: it holds nobody up."""
        with self._session(writes=False, info={}) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Repositories]:
        """A write, as ``Database.write()`` has it."""
        with (
            self._turn(),
            self._session(writes=True, info={KEYS: self._keys}) as session,
            sealed(session, self._tell),
        ):
            yield Repositories(session)

    @contextmanager
    def _session(self, *, writes: bool, info: dict[str, Any]) -> Iterator[WritingSession]:
        self._connection.execution_options(writes=writes)
        with WritingSession(self._connection, expire_on_commit=False, info=info) as session:
            yield session


def _tell_nobody(_head: ChainHead) -> None:
    pass


def _refuse_change(_connection: Connection, statement: Executable, *_: Any) -> None:
    if statement.is_dml:
        raise ReadOnlyError("this block may only read; use Database.write()")
