"""Labels with their provenance, streamed as CSV or JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from review_app.core.errors import InputError
from review_app.core.files import atomic_write
from review_app.records.export_columns import COLUMN_NAMES, Exported, row_of
from storage.database import Database
from storage.enums import AuditKind, TriageFlag
from storage.repositories.event_log import Event
from storage.types import utc_now

_FORMULA = re.compile(r"(?:\A|(?<=[;\t]))(?=[=+\-@\t\r\n＝＋－＠])|(?<=[\r\n])(?=[=+\-@＝＋－＠])")
"""The places where a formula may begin in some spreadsheet or locale (OWASP, CSV injection): where
text begins, and where whoever separates cells by semicolons or tabs would take it apart."""

Row = dict[str, Any]


def rows(
    database: Database, mark: TriageFlag | None = None, now: datetime | None = None
) -> Iterator[Row]:
    """One row per item, or per item with ``mark``, in order of intake; only a batch of them is in
    memory at a time. Answers that can still be taken back are counted, and told nothing of."""
    now = now or utc_now()
    with database.read() as repos:
        for batch in repos.export_rows.batches():
            for entry in batch:
                row = row_of(Exported(now=now, given=entry.pop("labels"), **entry))
                if mark is None or row["mark"] == mark:
                    yield row


def stream_csv(database: Database, mark: TriageFlag | None = None) -> Iterator[bytes]:
    """A CSV with a header; text that a spreadsheet would run as a formula is made harmless."""
    yield from _encode_csv(rows(database, mark))


def stream_jsonl(database: Database, mark: TriageFlag | None = None) -> Iterator[bytes]:
    """One JSON object a line."""
    for row in rows(database, mark):
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


class ExportFormat(StrEnum):
    """A format of an export."""

    CSV = "csv"
    """A table for spreadsheets and pandas; formulas are neutralised."""
    JSONL = "jsonl"
    """One JSON object a line; text is exactly as it was typed."""


FORMATS: dict[str, Callable[[Database, TriageFlag | None], Iterator[bytes]]] = {
    ExportFormat.CSV: stream_csv,
    ExportFormat.JSONL: stream_jsonl,
}


def write_export(
    database: Database, out: Path, form: ExportFormat, mark: TriageFlag | None = None
) -> int:
    """Write an export, of items with ``mark`` where one is given, to ``out``, whole or not at all;
    how many rows it has.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        if out.exists() and not out.is_file():
            raise InputError(f"{out} is no file that could be replaced; choose another name")
        return _write_whole(out, FORMATS[form](database, mark)) - (form is ExportFormat.CSV)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror}); choose another file"
        ) from error


def _write_whole(out: Path, chunks: Iterator[bytes]) -> int:
    """Write ``chunks`` to ``out``; how many."""
    n = 0
    with atomic_write(out) as file:
        for chunk in chunks:
            file.write(chunk)
            n += 1
    return n


def record_export(database: Database, actor: str, form: str) -> bool:
    """Put into the audit log that labels left the system; False where that may only be read."""
    if database.read_only:
        return False
    with database.write() as repos:
        repos.audit.add(Event(AuditKind.EXPORTED, actor, details={"format": form}))
    return True


def _encode_csv(stream: Iterator[Row]) -> Iterator[bytes]:
    buffer = io.StringIO()
    # Quoted, text stays one cell where a locale separates by semicolons.
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMN_NAMES)
    yield _drain(buffer)
    for row in stream:
        writer.writerow(map(_neutral, row.values()))
        yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _neutral(value: object) -> object:
    """Text gets an apostrophe wherever a cell may begin in it like a formula."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else value
