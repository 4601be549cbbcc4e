"""Transactions: ``read()`` and ``write()`` hand out the repositories, bound to one session.

A write commits when its block ends and rolls back when it raises; a read never commits and
refuses every change, so a handler that forgot to ask for a write fails loudly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Executable, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from storage.engine import files_of, is_open, make_engine, widen_cache
from storage.errors import StorageFault, fault_of
from storage.repositories import Repositories

_MAX_BEATS = 2**31 - 1


class ReadOnlyError(RuntimeError):
    """Code tried to change something inside ``Database.read()``: a mistake in the program."""


class Transactions(Protocol):
    """What hands out repositories: a database, or one transaction of it that is under way."""

    def read(self) -> AbstractContextManager[Repositories]: ...

    def write(self) -> AbstractContextManager[Repositories]: ...

    def together(self) -> AbstractContextManager[Together]: ...


class Database:
    """One database, its engine and its transactions. Safe to share between threads.

    What is the matter with its files is raised as ``translate`` makes it out of a `StorageFault`.
    """

    def __init__(
        self, url: str, translate: Callable[[StorageFault], Exception] = lambda fault: fault
    ) -> None:
        self.files = files_of(url)
        self.engine: Engine = make_engine(url, self.files)
        self._translate = translate
        self._reader = self.engine.execution_options(writes=False)
        event.listen(self._reader, "before_execute", _refuse_change)
        self._writers = {
            durable: self.engine.execution_options(writes=True, durable=durable)
            for durable in (True, False)
        }
        # SQLite lets waiting writers poll, and an unlucky one starves for seconds. Writers of this
        # process queue here instead; only those of other processes still meet at the file.
        self._turn = RLock()

    @contextmanager
    def read(self) -> Iterator[Repositories]:
        """Repositories over one consistent snapshot."""
        with self._told(), Session(self._reader, autoflush=False) as session:
            yield Repositories(session)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Repositories]:
        """Repositories in one transaction that holds the write lock from its start.

        A write that is not ``durable`` is whole or not there at all, but a power cut may take it
        back until the next durable one: for work that the program does again by itself.
        """
        with (
            self._turn_to_write(),
            Session(self._writers[durable], expire_on_commit=False) as session,
            session.begin(),
        ):
            yield Repositories(session)

    @contextmanager
    def together(self) -> Iterator[Together]:
        """Several writes as one transaction, which reaches the disk once."""
        with self.write() as repos:
            yield Together(repos)

    @contextmanager
    def private(self) -> Iterator[PrivateConnection]:
        """A connection of its own, for work that needs temporary tables; closed at the end."""
        with self._told(), self.engine.connect() as connection:
            connection.detach()  # never back to the pool: its temporary tables go with it
            widen_cache(connection)
            yield PrivateConnection(connection, self._turn_to_write)

    def check(self) -> None:
        """Raise the translated `StorageFault` where the files on disk are others than those that
        are open: nothing can be stored any more."""
        with self._told():
            self.files.check()

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

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
        self.files.close()

    @contextmanager
    def _turn_to_write(self) -> Iterator[None]:
        """Nobody else writes. What is committed inside is in the files on disk when this ends."""
        with self._told(), self._turn:
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
            raise self._translate(fault) from error


class Together:
    """Writes that are parts of one transaction: one that raises leaves nothing."""

    def __init__(self, repos: Repositories) -> None:
        self._repos = repos

    @property
    def is_open(self) -> bool:
        """Whether the transaction is still there: where the disk is full, SQLite ends it itself."""
        try:
            return is_open(self._repos.session.connection().connection.driver_connection)
        except InvalidRequestError:  # what was begun inside it could not be taken back
            return False

    @contextmanager
    def read(self) -> Iterator[Repositories]:
        yield self._repos

    @contextmanager
    def write(self) -> Iterator[Repositories]:
        session = self._repos.session
        try:
            with session.begin_nested():
                yield self._repos
        except BaseException:
            self._repos = Repositories(session)  # what this part has learnt is not so
            raise
        finally:
            # The next part sees what is stored, as it would in a session of its own.
            session.expunge_all()

    @contextmanager
    def together(self) -> Iterator[Together]:
        yield self


class PrivateConnection:
    """One connection, whose temporary tables outlive its transactions."""

    def __init__(
        self, connection: Connection, turn: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._connection = connection
        self._turn = turn

    @contextmanager
    def scratch(self) -> Iterator[Session]:
        """A transaction over temporary tables alone: it holds nobody up."""
        with self._session(writes=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Repositories]:
        """As ``Database.write()``."""
        with self._turn(), self._session(writes=True) as session:
            yield Repositories(session)

    @contextmanager
    def _session(self, *, writes: bool) -> Iterator[Session]:
        self._connection.execution_options(writes=writes)
        with Session(self._connection, expire_on_commit=False) as session, session.begin():
            yield session


def _refuse_change(_connection: Connection, statement: Executable, *_: Any) -> None:
    if statement.is_dml:
        raise ReadOnlyError("this block may only read; use Database.write()")
