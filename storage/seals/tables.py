"""The tables whose rows are evidence, which of their columns, and the hash of some rows."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from sqlalchemy import Float

from storage.models import (
    Base,
    BulkChange,
    CheckpointRow,
    Correction,
    DecisionRow,
    Image,
    Item,
    KnownLabel,
    Label,
    Option,
    PolicyRow,
    Prediction,
    Reading,
    User,
)

CHUNK = 4096
"""Rows under one hash, at most: a change is named no more exactly than that."""
Row = Sequence[Any]
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)


@dataclass(frozen=True)
class Sealed:
    """A table whose rows are evidence."""

    name: str
    key: str
    """The column that a row is named by, and rows come in order of."""
    columns: tuple[str, ...]
    """What a seal covers, the key first."""
    floats: frozenset[str]

    @property
    def select(self) -> str:
        """All rows, in no order."""
        return f"SELECT {', '.join(map(quoted, self.columns))} FROM {quoted(self.name)}"

    def digest(self, rows: Sequence[Row]) -> str:
        """SHA-256 over the rows as they are stored, column by column.

        A column that is empty in all of them is left out, so columns that come later and may be
        empty change no hash of older rows.
        """
        found = hashlib.sha256(f"{self.name}:{len(rows)}:".encode())
        for name, values in zip(self.columns, zip(*rows, strict=True), strict=False):
            if values.count(None) < len(values):
                content = _content(values, name in self.floats)
                found.update(f"{name}:{len(content)}:".encode() + content)
        return found.hexdigest()


def quoted(name: str) -> str:
    """A name as SQL has it: ``user`` and ``option`` would be words of the language elsewhere."""
    return f'"{name}"'


def runs(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as spans, first and last."""
    found: list[tuple[int, int]] = []
    for number in ids:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def parts(rows: sqlite3.Cursor) -> Iterator[list[Row]]:
    """What a query finds, `CHUNK` rows at a time."""
    while part := rows.fetchmany(CHUNK):
        yield part


def _content(values: Sequence[Any], floats: bool) -> bytes:
    if floats:
        try:
            return array("d", [nan if value is None else value for value in values]).tobytes()
        except TypeError:
            pass  # what nobody could have stored through the program
    return _ENCODER.encode(values).encode()


def _sealed(model: type[Base], key: str, *columns: str) -> Sealed:
    """The seal of a table: of ``columns``, or of all of them."""
    table = model.__table__
    rest = sorted(columns or (c.key for c in table.columns))
    names = (key, *(name for name in rest if name != key))
    floats = frozenset(n for n in names if isinstance(table.columns[n].type, Float))
    return Sealed(str(model.__tablename__), key, names, floats)


APPENDED = {
    sealed.name: sealed
    for sealed in (
        _sealed(Label, "id"),
        _sealed(KnownLabel, "id"),
        _sealed(Correction, "id"),
        _sealed(BulkChange, "id"),
        _sealed(DecisionRow, "id"),
        _sealed(PolicyRow, "version"),
        _sealed(Reading, "id"),
        # What an image is, and what else evidence asks of it. The rest is how work stands.
        _sealed(Image, "id", "sha256", "public_sha256", "path", "public_type", "phash", "near_id"),
        _sealed(
            Item, "id", "image_id", "name", "source", "group_key", "split", "alike_id", "created_at"
        ),
    )
}
"""Rows that are added by ascending key. Of images and items, what was empty may be filled later."""

KEPT = {
    sealed.name: sealed
    for sealed in (
        _sealed(
            User,
            "id",
            "name",
            "role",
            "pseudonym",
            "password_hash",
            "created_at",
            "disabled_at",
            "away_since",
        ),
        _sealed(Option, "key"),
        _sealed(CheckpointRow, "id"),
    )
}
"""Small tables whose rows change: the newest seal of each row counts."""
PREDICTION = _sealed(Prediction, "image_id")
"""Found by checkpoint, head and image."""
EVIDENCE = frozenset((*APPENDED, *KEPT, PREDICTION.name))
