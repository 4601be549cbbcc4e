"""A list that lies on disk, for what there are too many of to be kept in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, TypeVar

T = TypeVar("T")


class Spool(Collection[T]):
    """Values in the order in which they were put in, one in memory at a time. The file has no name,
    and is gone with the process.

    ``write`` makes of a value what JSON can hold, and ``read`` the value of that.
    """

    def __init__(self, folder: Path, write: Callable[[T], Any], read: Callable[[Any], T]) -> None:
        """``folder``: whose disk it takes."""
        self._file: IO[bytes] = TemporaryFile(dir=folder)  # noqa: SIM115 - `close` does it
        self._write = write
        self._read = read
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def __iter__(self) -> Iterator[T]:
        """All values. Several may be under way at a time; nothing is put in meanwhile."""
        place = 0
        while True:
            self._file.seek(place)
            lines = self._file.readlines(_PORTION)
            place = self._file.tell()
            if not lines:
                return
            yield from (self._read(json.loads(line)) for line in lines)

    def __contains__(self, value: object) -> bool:
        return any(one == value for one in self)

    def append(self, value: T) -> None:
        """Put ``value`` behind the others."""
        self._file.seek(0, 2)
        self._file.write(json.dumps(self._write(value)).encode() + b"\n")
        self._n += 1

    def close(self) -> None:
        """Give the disk back."""
        self._file.close()


_PORTION = 2**13
"""Bytes that are read at a time, to the end of the line."""
