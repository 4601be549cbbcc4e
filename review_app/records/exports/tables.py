"""Labels with their provenance as a table: streamed, or written whole or not at all."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from review_app.core.errors import InputError
from review_app.core.files import atomic_write
from review_app.core.progress import Progress
from review_app.i18n import ENGLISH, Text
from review_app.records.exports.answers import ANSWER_COLUMNS, answer_values
from review_app.records.exports.batch import ItemBatch
from review_app.records.exports.columns import COLUMNS
from review_app.records.exports.description import (
    CROISSANT,
    DATASHEET,
    MANIFEST,
    ColumnType,
    Description,
    ExportedFile,
    Tally,
)
from review_app.records.exports.encoding import ExportFormat, Named, encode
from review_app.records.exports.selection import EVERYTHING, Selection
from review_app.records.exports.values import Values, listed
from storage.database import Database
from storage.enums import AuditKind
from storage.repositories.event_log import Event
from storage.types import utc_now


class RowKind(StrEnum):
    """What a row of a table tells of."""

    IMAGES = "images"
    """One row per image, whatever is known of it."""
    ANSWERS = "answers"
    """One row per answer that a person has given."""


@dataclass
class LabelTable:
    """The items that are selected, in order of intake, as they are told at the moment ``now``: one
    row each, or one for each answer.

    Only a window of items is in memory at a time. Answers that can still be taken back are counted,
    and told nothing of.
    """

    database: Database
    selection: Selection = EVERYTHING
    now: datetime = field(default_factory=lambda: utc_now())
    progress: Progress | None = None
    row_kind: RowKind = RowKind.IMAGES
    n_rows: int = 0
    """How many rows there were up to now."""
    tally: Tally = field(default_factory=Tally)
    """Counts of them by label and state."""

    @property
    def columns(self) -> Sequence[Named]:
        """The columns."""
        return COLUMNS if self.row_kind is RowKind.IMAGES else ANSWER_COLUMNS

    @property
    def column_types(self) -> list[ColumnType]:
        """The columns, with what those of images mean."""
        if self.row_kind is RowKind.ANSWERS:
            return [ColumnType(one.name, one.type) for one in ANSWER_COLUMNS]
        return [
            ColumnType(one.name, one.type, Text(one.description).render(ENGLISH)) for one in COLUMNS
        ]

    def batches(self) -> Iterator[list[Values]]:
        """The values of each of `columns`, batch after batch; over one state of the database."""
        self.n_rows, self.tally = 0, Tally()
        with self.database.columns() as stored:
            for batch in self.selection.told(stored, self.now, self.progress):
                told = self._told(batch)
                self.n_rows += len(told[0])
                self.tally.add(self.columns, told)
                yield told

    def _told(self, batch: ItemBatch) -> list[Values]:
        if self.row_kind is RowKind.ANSWERS:
            return answer_values(batch)
        return [column.read(batch) for column in COLUMNS]

    def stream(self, form: ExportFormat) -> Iterator[bytes]:
        """The table in a format, piece by piece."""
        return encode(form, self.columns, self.batches())

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, by column."""
        names = [column.name for column in self.columns]
        for batch in self.batches():
            columns = map(listed, batch)
            yield from (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written."""

    rows: int
    n_bytes: int
    sha256: str


def write_table(table: LabelTable, out: Path, form: ExportFormat) -> WrittenFile:
    """Write ``table`` to ``out``, whole or not at all, and beside it what it is: its manifest, its
    datasheet and its Croissant metadata.

    Raises:
        InputError: a file cannot be written.
    """
    try:
        if out.exists() and not out.is_file():
            raise InputError(f"{out} is no file that could be replaced; choose another name")
        written = _write(table, out, form)
        described = described_table(table, out.name, form, written)
        for name, content in (
            (DATASHEET, described.datasheet()),
            (CROISSANT, described.croissant()),
            (MANIFEST, b"".join(described.manifest())),
        ):
            with atomic_write(out.with_name(f"{out.name}.{name}")) as file:
                file.write(content)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror}); choose another file"
        ) from error
    return written


def _write(table: LabelTable, out: Path, form: ExportFormat) -> WrittenFile:
    digest, n_bytes = hashlib.sha256(), 0
    with atomic_write(out) as file, _seldom_collected():
        for chunk in table.stream(form):
            file.write(chunk)
            digest.update(chunk)
            n_bytes += len(chunk)
    return WrittenFile(table.n_rows, n_bytes, digest.hexdigest())


def described_table(
    table: LabelTable, name: str, form: ExportFormat, written: WrittenFile
) -> Description:
    """What is to be said of ``table``, which was ``written`` to the file ``name``."""
    return Description(
        form=form,
        row_of=table.row_kind.removesuffix("s"),
        as_of=table.now,
        rows=written.rows,
        selection=table.selection.to_json(),
        counts=table.tally.to_json(),
        columns=table.column_types,
        table=name,
        files=[ExportedFile(name, written.n_bytes, written.sha256)],
    )


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
