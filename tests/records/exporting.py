"""What an export says, as its readers get it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from review_app.records.export import stream_csv, stream_jsonl
from storage.database import Database

Row = dict[str, Any]


Answer = Callable[..., None]


def exported(database: Database) -> list[Row]:
    return [json.loads(line) for line in stream_jsonl(database)]


def as_csv(database: Database) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(stream_csv(database)).decode(), newline="")))
