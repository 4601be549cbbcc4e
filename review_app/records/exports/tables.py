"""Labels with their provenance as a table: streamed, or written whole or not at all."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from review_app.core.errors import InputError
from review_app.core.files import atomic_write
from review_app.core.progress import Progress
from review_app.records.exports.batch import Values
from review_app.records.exports.columns import COLUMNS
from review_app.records.exports.encoding import ExportFormat, encode
from review_app.records.exports.selection import EVERYTHING, Selection
from storage.database import Database
from storage.enums import AuditKind
from storage.repositories.event_log import Event
from storage.types import utc_now


@dataclass
class LabelTable:
    """One row per item that is selected, in order of intake, as it is told at the moment ``now``.

    Only a window of items is in memory at a time. Answers that can still be taken back are counted,
    and told nothing of.
    """

    database: Database
    selection: Selection = EVERYTHING
    now: datetime | None = None
    progress: Progress | None = None
    n_rows: int = 0
    """How many rows there were up to now."""

    def batches(self) -> Iterator[list[Values]]:
        """The values of each of `COLUMNS`, batch after batch; over one state of the database."""
        with self.database.read() as repos:
            now = self.now or utc_now()
            for batch in self.selection.batches(repos, now, self.progress):
                self.n_rows += len(batch)
                yield [column.read(batch) for column in COLUMNS]

    def stream(self, form: ExportFormat) -> Iterator[bytes]:
        """The table in a format, piece by piece."""
        return encode(form, COLUMNS, self.batches())

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, by column."""
        names = [column.name for column in COLUMNS]
        for batch in self.batches():
            yield from (dict(zip(names, row, strict=True)) for row in zip(*batch, strict=True))


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written."""

    rows: int
    n_bytes: int
    sha256: str


def write_table(table: LabelTable, out: Path, form: ExportFormat) -> WrittenFile:
    """Write ``table`` to ``out``, whole or not at all.

    Raises:
        InputError: the file cannot be written.
    """
    digest, n_bytes = hashlib.sha256(), 0
    try:
        if out.exists() and not out.is_file():
            raise InputError(f"{out} is no file that could be replaced; choose another name")
        with atomic_write(out) as file, _seldom_collected():
            for chunk in table.stream(form):
                file.write(chunk)
                digest.update(chunk)
                n_bytes += len(chunk)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror}); choose another file"
        ) from error
    return WrittenFile(table.n_rows, n_bytes, digest.hexdigest())


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """A long run of rows leaves no cycles behind, and looking for them takes a third of the time.

    It holds for the whole process: files are written by commands and jobs, not by the server.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def record_export(database: Database, actor: str, details: dict[str, Any]) -> bool:
    """Put into the audit log that labels left the system; False where that may only be read."""
    if database.read_only:
        return False
    with database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, actor, details=details))
    return True
