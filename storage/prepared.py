"""Statements that are put together once, and handed to the driver as they are.

What SQLAlchemy does around a small statement takes ten times as long as SQLite takes for it, and
handing an item out and taking the answer in asks some thirty. Values go in and come out by the
types of their columns all the same, and what such a statement writes is sealed like anything else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, column, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import JSON, TypeEngine

from storage.seals.sealing import driver_of, sealing_of
from storage.seals.tables import EVIDENCE

_Turn = Callable[[Any], Any]


class _Compiler(SQLiteCompiler):
    """Writes constants out.

    SQLite plans a statement anew whenever a value is bound that might decide which partial index
    to use; that takes longer than to run it.
    """

    def visit_bindparam(self, bindparam: BindParameter[Any], *args: Any, **options: Any) -> Any:
        """A place for what is given at every call, or the constant itself."""
        options["literal_binds"] = not bindparam.required
        return super().visit_bindparam(bindparam, *args, **options)  # type: ignore[no-untyped-call]


_DIALECT = sqlite.dialect()
_DIALECT.statement_compiler = _Compiler


@dataclass(frozen=True)
class _Made:
    """A statement as the driver takes it."""

    sql: str
    given: tuple[tuple[str, _Turn | None], ...]
    """The places of ``sql``: the name of its parameter, and what the value goes through."""
    turns: tuple[tuple[int, _Turn], ...]
    """What the values of some columns go through on their way out."""
    writes: str | None
    """The table that it changes."""


class Prepared:
    """A statement with named parameters, over columns: it makes no entities, and no value for a
    column that it does not name (``ValueError``).

    In a session that only reads, those that change something raise ``ReadOnlyError``. What the
    driver raises comes as it is (``sqlite3.Error``).
    """

    def __init__(self, statement: Select[*tuple[Any, ...]] | UpdateBase) -> None:
        self._statement = statement

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """All rows that are found or returned."""
        found = self._execute(session, values).fetchall()
        turns = self._made.turns
        return [_turned(row, turns) for row in found] if turns else found

    def value(self, session: Session, **values: Any) -> Any:
        """The first column of the first row; None where there is none."""
        cursor = self._execute(session, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else _turned(row, self._made.turns)[0]

    def run(self, session: Session, **values: Any) -> int:
        """Change rows; how many."""
        return self._execute(session, values).rowcount

    @cached_property
    def _made(self) -> _Made:
        statement = self._statement
        compiled = statement.compile(dialect=_DIALECT)
        if isinstance(compiled, SQLCompiler) and compiled.prefetch:
            made_up = ", ".join(column.key for column in compiled.prefetch)
            raise ValueError(f"no value is made up for a column here; say what {made_up} is")
        parameters = [compiled.binds[name] for name in compiled.positiontup or ()]
        given = tuple(
            (parameter.key, _type_of(parameter.type).bind_processor(_DIALECT))
            for parameter in parameters
        )
        turns = [
            (place, turn)
            for place, found in enumerate(statement.exported_columns)
            if (turn := _type_of(found.type).result_processor(_DIALECT, None)) is not None
        ]
        writes = str(statement.table) if isinstance(statement, UpdateBase) else None
        return _Made(str(compiled), given, tuple(turns), writes)

    def _execute(self, session: Session, values: dict[str, Any]) -> sqlite3.Cursor:
        made = self._made
        if session.autoflush:
            session.flush()
        if made.writes is not None:
            sealing = sealing_of(session)
            if made.writes in EVIDENCE:
                sealing.about_to_write(made.writes)
        bound = [values[name] if turn is None else turn(values[name]) for name, turn in made.given]
        return driver_of(session).execute(made.sql, bound)


def given(*names: str) -> dict[str, BindParameter[Any]]:
    """What an insertion sets columns to: each to the parameter of its name."""
    return {name: bindparam(name) for name in names}


def each_of(name: str) -> Select[Any]:
    """What ``IN`` is to look into for a list of numbers that is given as the parameter ``name``:
    one statement, however many there are."""
    values = func.json_each(bindparam(name, type_=JSON)).table_valued(column("value"), name="given")
    return select(values.c.value)


def _type_of(declared: TypeEngine[Any]) -> TypeEngine[Any]:
    return declared.dialect_impl(_DIALECT)


def _turned(row: tuple[Any, ...], turns: tuple[tuple[int, _Turn], ...]) -> tuple[Any, ...]:
    found = list(row)
    for place, turn in turns:
        found[place] = turn(found[place])
    return tuple(found)
