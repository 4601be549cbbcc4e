"""Many rows by few statements: of a row by itself, beginning and ending the statement costs as much
as the row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection

_VALUES = 8_000
"""Values of one statement: a quarter of what SQLite takes."""


def insert_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Append ``rows``, values as SQLite stores them in the order of ``columns``, past everything
    but the driver. What watches statements is not told: evidence is for the caller to announce."""
    size = max(1, _VALUES // len(columns))
    for start in range(0, len(rows), size):
        some = rows[start : start + size]
        statement = _statement(table, tuple(columns), len(some))
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


@lru_cache(64)
def _statement(table: str, columns: tuple[str, ...], n: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * n)}"  # noqa: S608 - names of tables of ours
