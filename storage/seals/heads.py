"""A file of the log's heads: how far it had come, told outside the database.

A line is appended when what it tells is on disk already, so the file may lag behind the log and
never leads it. Whoever cuts the log short, or begins it anew, contradicts the file.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from storage.seals.drafts import draft_of

FILE = "seal.heads"
"""The file beside the database, unless told otherwise."""
MAX_BYTES = 256 * 1024
KEPT_LINES = 1000
_LINE = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
_logger = logging.getLogger(__name__)


class ChainHead(NamedTuple):
    """The last event of a log: how many there are, and its hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> ChainHead | None:
        """What `str` made; None for anything else."""
        found = _LINE.fullmatch(text.strip())
        return None if found is None else cls(int(found[1]), found[2])


class HeadsFile:
    """The file at ``path``. A log that cannot be told of goes on all the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._complained = False

    def add(self, head: ChainHead) -> None:
        """Tell a head that is on disk."""
        try:
            with self.path.open("ab") as file:
                # One write: lines of several processes do not mix.
                os.write(file.fileno(), f"{head}\n".encode())
                size = file.tell()
            if size > MAX_BYTES:
                self._shorten()
        except OSError as error:
            if not self._complained:
                _logger.warning("the log's head cannot be written to %s (%s)", self.path, error)
            self._complained = True

    def read(self) -> Iterator[ChainHead]:
        """The heads told, oldest first. A line that a power cut tore tells none."""
        try:
            text = self.path.read_text("ascii", errors="replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            head = ChainHead.parse(line)
            if head is not None:
                yield head

    def _shorten(self) -> None:
        heads = list(self.read())[-KEPT_LINES:]
        draft_of(self.path, ".heads-", map(str, heads)).replace(self.path)
