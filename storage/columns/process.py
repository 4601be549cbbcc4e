"""Reads of a SQLite file by a process of its own, which makes Arrow of rows beside this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from sqlalchemy.dialects import sqlite

from storage.columns.lean import lean_pyarrow
from storage.columns.reading import ArrowColumns, Columns, Query
from storage.errors import Fault, StorageFault

_COMMAND: Final = (sys.executable, "-m", "storage.columns.worker")
_DIALECT: Final = sqlite.dialect()


def can_read_apart() -> bool:
    """Whether the driver of that process is installed: there is none for some systems."""
    return find_spec("adbc_driver_sqlite") is not None


@contextmanager
def reading_apart(path: Path) -> Iterator[ProcessReader]:
    """A process that reads the database ``path``, all of it over one state, and ends with this.

    Raises:
        StorageFault: it has ended before it told what it was asked; its log says why.
    """
    process = subprocess.Popen(  # noqa: S603 - our own module
        _COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield ProcessReader(process, f"{path.absolute().as_uri()}?mode=ro")
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


class ProcessReader:
    """A reader by another process, which works on what was asked while this one does other
    things."""

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self._process = process
        self._asked: list[int] = []
        self._send(address)

    def ask(self, *queries: Query) -> None:
        """See `ColumnReader`."""
        self._send([_as_sql(query) for query in queries])
        self._asked.append(len(queries))

    def told(self) -> list[Columns]:
        """See `ColumnReader`."""
        return [self._table() for _ in range(self._asked.pop(0))]

    def _send(self, document: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(document).encode() + b"\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._fault() from error

    def _table(self) -> Columns:
        pyarrow = lean_pyarrow()
        try:
            with pyarrow.ipc.open_stream(self._process.stdout) as stream:
                return ArrowColumns(stream.read_all().combine_chunks())
        except (OSError, pyarrow.ArrowInvalid) as error:
            raise self._fault() from error

    def _fault(self) -> StorageFault:
        code = self._process.wait()
        return StorageFault(Fault.FAILING, f"the process that reads it ended by {code}")


def _as_sql(query: Query) -> tuple[str, list[Any]]:
    """The query for SQLite, and its parameters as a driver takes them."""
    compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    given = []
    for name in compiled.positiontup or ():
        prepare = compiled._bind_processors.get(name)  # those that SQLAlchemy itself would use
        value = compiled.params[name]
        given.append(prepare(value) if callable(prepare) else value)
    return str(compiled), given
