"""Readers of whole queries by the column: one by the driver in hand, whoever that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Select
from sqlalchemy.orm import Session

Query = Select[*tuple[Any, ...]]
Columns = Mapping[str, Sequence[Any]]
"""What a query found, by the names of its columns: as the driver has it."""
_TURNED: Final = 250
"""Rows that are turned into columns at a time, while the processor still has them at hand."""


class ColumnReader(Protocol):
    """A reader over one state of the database."""

    def ask(self, *queries: Query) -> None:
        """Have ``queries`` read; it may go on beside whatever the program does meanwhile."""
        ...

    def told(self) -> list[Columns]:
        """What the queries that were asked first found, each; once."""
        ...


class ArrowColumns(Mapping[str, Sequence[Any]]):
    """The columns of an Arrow table, which become Python's values where somebody asks for them."""

    def __init__(self, table: Any) -> None:
        self.table = table
        self._listed: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        if name not in self._listed:
            self._listed[name] = self.table[name].to_pylist()
        return self._listed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table.schema.names)

    def __len__(self) -> int:
        return len(self.table.schema.names)


def as_read(columns: Columns, name: str) -> Any:
    """A column as it was read: a list, or an array of Arrow."""
    return columns.table[name] if isinstance(columns, ArrowColumns) else columns[name]


class DriverReader:
    """A reader by the driver, in the transaction of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: list[tuple[Query, ...]] = []

    def ask(self, *queries: Query) -> None:
        """See `ColumnReader`; it is read when it is to be told."""
        self._asked.append(queries)

    def told(self) -> list[Columns]:
        """See `ColumnReader`."""
        return [self._read(query) for query in self._asked.pop(0)]

    def _read(self, query: Query) -> Columns:
        return read_columns(self._session, query)


def read_columns(
    session: Session, query: Query, asked: Mapping[str, Any] | None = None
) -> dict[str, list[Any]]:
    """What ``query`` finds when it is ``asked`` with these parameters."""
    # As the driver has them: what SQLAlchemy would make of a row takes longer than to read it.
    cursor = session.connection().execute(query, asked).cursor
    columns: dict[str, list[Any]] = {str(column.name): [] for column in query.selected_columns}
    while rows := cursor.fetchmany(_TURNED):
        for column, values in zip(columns.values(), zip(*rows, strict=True), strict=True):
            column.extend(values)
    return columns
