"""Many rows by few statements: of a row by itself, beginning and ending the statement costs as much
as the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

_VALUES = 8_000
"""Values of one statement: a quarter of what SQLite takes."""


def insert_columns(
    connection: Connection, table: str, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Append rows whose values are given column by column, as SQLite stores them, past everything
    but the driver. What watches statements is not told: evidence is for the caller to announce."""
    width, names = len(columns), tuple(columns)
    n = len(next(iter(columns.values())))
    size = max(1, _VALUES // width)
    for start in range(0, n, size):
        values: list[Any] = [None] * (width * min(size, n - start))
        for at, column in enumerate(columns.values()):
            values[at::width] = column[start : start + size]
        statement = _statement(table, names, len(values) // width)
        connection.exec_driver_sql(statement, tuple(values))


@lru_cache(64)
def _statement(table: str, columns: tuple[str, ...], n: int) -> str:
    row = f"({', '.join('?' * len(columns))})"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * n)}"  # noqa: S608 - names of tables of ours
