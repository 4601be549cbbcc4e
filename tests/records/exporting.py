"""What an export says, as its readers get it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.selection import EVERYTHING, Selection
from review_app.records.exports.tables import LabelTable
from storage.database import Database
from storage.types import utc_now

Row = dict[str, Any]


Answer = Callable[..., None]


def rows(
    database: Database, selection: Selection = EVERYTHING, now: datetime | None = None
) -> list[Row]:
    return list(LabelTable(database, selection, now or utc_now()).rows())


def stream(database: Database, form: ExportFormat, selection: Selection = EVERYTHING) -> bytes:
    return b"".join(LabelTable(database, selection).stream(form))


def stream_csv(database: Database) -> bytes:
    return stream(database, ExportFormat.CSV)


def exported(database: Database) -> list[Row]:
    lines = stream(database, ExportFormat.JSONL).split(b"\n")
    return [json.loads(line) for line in lines if line]


def as_csv(database: Database) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stream_csv(database).decode(), newline="")))
