"""Rows that a transaction writes and that are evidence are collected until an event of the log
seals them.

The program's statements are watched, not its writers, so nobody has to remember. What comes first
in a transaction tells from where on rows are new: whatever got there without the program lies
before that, and no seal ever covers it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Connection, Executable, event, inspect
from sqlalchemy.orm import Session, UOWTransaction

from storage.errors import ReadOnlyError
from storage.models import Base, Image, Item
from storage.seals.heads import ChainHead
from storage.seals.keys import Keys
from storage.seals.tables import (
    APPENDED,
    CHUNK,
    EVIDENCE,
    KEPT,
    PREDICTION,
    Row,
    Sealed,
    parts,
    quoted,
    runs,
)

Seals = dict[str, Any]
SEALING = "sealing"
"""The place where a session and a connection have the `Sealing` of their transaction."""
KEYS = "keys"
"""The place where a session has the keys of its database."""
CHECKPOINT, HEAD = map(PREDICTION.columns.index, ("checkpoint_id", "head"))


def _attributes_of(model: type[Base], sealed: Sealed) -> frozenset[str]:
    """The attributes of the sealed columns: some go by another name than their column."""
    columns = model.__table__.columns
    mapper = inspect(model)
    return frozenset(mapper.get_property_by_column(columns[name]).key for name in sealed.columns)


_WATCHED = {
    model: (APPENDED[table], _attributes_of(model, APPENDED[table]))
    for model, table in ((Image, "image"), (Item, "item"))
}


@dataclass
class _State:
    """What is known of the transaction; a part that is refused takes it back to what it was."""

    marks: dict[str, int] = field(default_factory=dict)
    """The last row that is sealed or was there before, by table."""
    before: dict[str, dict[Any, str]] = field(default_factory=dict)
    """The hash of each row of a small table as it was sealed or was there before, by table."""
    changed: dict[tuple[str, int], Row] = field(default_factory=dict)
    """Rows that something is filled in of, as they were."""
    filled: list[list[Any]] = field(default_factory=list)
    head: ChainHead | None = None
    """The last event that the transaction appended."""

    def copied(self) -> _State:
        before = {table: dict(hashes) for table, hashes in self.before.items()}
        filled = list(self.filled)
        return _State(dict(self.marks), before, dict(self.changed), filled, self.head)


class Sealing:
    """The sealing of one transaction that writes, on its own connection."""

    def __init__(self, driver: sqlite3.Connection, keys: Keys, info: dict[Any, Any]) -> None:
        self.driver = driver
        self.keys = keys
        self.info = info  # of the connection
        self._state = _State()
        self._collected: Seals = {}

    @property
    def head(self) -> ChainHead | None:
        """The last event that the transaction appended; None where it appended none."""
        return self._state.head

    @head.setter
    def head(self, head: ChainHead) -> None:
        self._state.head = head

    def about_to_write(self, table: str) -> None:
        """A statement is about to change rows of ``table``."""
        state = self._state
        if table in KEPT:
            if table not in state.before:
                state.before[table] = self._hashes(KEPT[table])
        elif table in EVIDENCE and table not in state.marks:
            state.marks[table] = self._last(table)

    def about_to_change(self, sealed: Sealed, row_id: int) -> None:
        """Columns of a sealed row are about to be filled in."""
        mark = self._state.marks.get(sealed.name)
        if mark is None or row_id <= mark:
            row = self._row(sealed, row_id)
            if row is not None:
                self._state.changed.setdefault((sealed.name, row_id), row)

    def filled(self, table: str, column: str, ids: Sequence[int]) -> None:
        """``column``, which was empty, has just been filled in of these rows, by ascending id."""
        for start in range(0, len(ids), CHUNK):
            spans = runs(ids[start : start + CHUNK])
            digest = digest_of(table, column, values_in(self.driver, table, column, spans))
            self._state.filled.append([table, column, spans, digest])

    def collect(self) -> Seals:
        """Seals of all that was written since the last call; empty where nothing was."""
        if self._collected:
            collected, self._collected = self._collected, {}
            return collected
        found: Seals = {}
        for table in self._state.marks:
            if table == PREDICTION.name:
                _put(found, "predictions", self._new_predictions())
            elif spans := self._new_rows(APPENDED[table]):
                _put(found, "rows", {table: spans})
        for table in self._state.before:
            _put(found, "kept", self._now_kept(KEPT[table]))
        if self._state.changed:
            _put(found, "changed", self._now_changed())
        if self._state.filled:
            found["filled"], self._state.filled = self._state.filled, []
        return found

    def include(self, seals: Seals) -> None:
        """Seals that the next event has in place of those of what was written."""
        self._collected = seals

    def pending(self) -> bool:
        """Whether something was written that is not sealed yet."""
        self._collected = self.collect()
        return bool(self._collected)

    def save(self) -> object:
        """What is known now, for `restore`."""
        return self._state.copied()

    def restore(self, saved: object) -> None:
        """Nothing was written since ``saved``."""
        assert isinstance(saved, _State)
        self._state = saved

    def _last(self, table: str) -> int:
        key = "rowid" if table == PREDICTION.name else APPENDED[table].key
        return self._value(f"SELECT max({key}) FROM {quoted(table)}") or 0

    def _new_rows(self, sealed: Sealed) -> list[list[Any]]:
        after = self._state.marks[sealed.name]
        query = f"{sealed.select} WHERE {sealed.key} > ? ORDER BY {sealed.key}"
        spans = spans_of(sealed, self.driver.execute(query, (after,)))
        if spans:
            self._state.marks[sealed.name] = spans[-1][1]
        return spans

    def _new_predictions(self) -> list[list[Any]]:
        after = self._state.marks[PREDICTION.name]
        last = self._last(PREDICTION.name)
        self._state.marks[PREDICTION.name] = last
        if last == after:
            return []
        query = f"{PREDICTION.select} WHERE rowid > ? ORDER BY rowid"
        return predictions_of(self.driver.execute(query, (after,)))

    def _hashes(self, sealed: Sealed) -> dict[Any, str]:
        return {row[0]: sealed.digest([row]) for row in self.driver.execute(sealed.select)}

    def _now_kept(self, sealed: Sealed) -> dict[str, dict[str, str | None]]:
        was, now = self._state.before[sealed.name], self._hashes(sealed)
        self._state.before[sealed.name] = now
        found: dict[str, str | None] = {
            str(key): digest for key, digest in now.items() if was.get(key) != digest
        }
        found.update({str(key): None for key in was if key not in now})
        return {sealed.name: found} if found else {}

    def _now_changed(self) -> dict[str, list[list[Any]]]:
        found: dict[str, list[list[Any]]] = {}
        for (table, row_id), was in self._state.changed.items():
            sealed = APPENDED[table]
            now = self._row(sealed, row_id) or was
            pairs = zip(sealed.columns, was, now, strict=True)
            if columns := {name: [old, new] for name, old, new in pairs if old != new}:
                found.setdefault(table, []).append([row_id, columns])
        self._state.changed = {}
        return found

    def _row(self, sealed: Sealed, row_id: int) -> Row | None:
        query = f"{sealed.select} WHERE {sealed.key} = ?"
        row: Row | None = self.driver.execute(query, (row_id,)).fetchone()
        return row

    def _value(self, query: str) -> Any:
        return self.driver.execute(query).fetchone()[0]


def sealing_of(session: Session) -> Sealing:
    """The sealing of the transaction that ``session`` is in.

    Raises:
        ReadOnlyError: the session only reads.
    """
    if not isinstance(session, WritingSession):
        raise ReadOnlyError("this block may only read; use Database.write()")
    if not (session.in_use and session.is_active):
        session.connection()  # begins the transaction, or says that it was taken back
    found: Sealing = session.info[SEALING]
    return found


def driver_of(session: Session) -> sqlite3.Connection:
    """SQLite's own connection, in the session's transaction."""
    sealing: Sealing | None = session.info.get(SEALING)
    if sealing is not None:
        return sealing.driver
    return cast(sqlite3.Connection, session.connection().connection.dbapi_connection)


def watch(connection: Connection, statement: Executable, *_: Any) -> None:
    """Look at a statement before it is run, on each connection that writes."""
    if statement.is_dml:
        sealing: Sealing | None = connection.info.get(SEALING)
        table = getattr(getattr(statement, "table", None), "name", "")
        if sealing is not None and table in EVIDENCE:
            sealing.about_to_write(table)


class WritingSession(Session):
    """A session whose changes of evidence are noticed. Its ``info`` has the keys."""

    @property
    def in_use(self) -> bool:
        """Whether the transaction has begun: it does with the first statement."""
        return SEALING in self.info

    @property
    def head(self) -> ChainHead | None:
        """The last event that the transaction appended; None where it appended none."""
        return self.info[SEALING].head if self.in_use else None

    def forget(self) -> None:
        """The transaction is over."""
        sealing: Sealing | None = self.info.pop(SEALING, None)
        if sealing is not None:
            sealing.info.pop(SEALING, None)


@event.listens_for(WritingSession, "after_begin")
def _after_begin(session: Session, _transaction: object, connection: Connection) -> None:
    if KEYS in session.info and SEALING not in session.info:
        driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
        session.info[SEALING] = Sealing(driver, session.info[KEYS], connection.info)
        connection.info[SEALING] = session.info[SEALING]


@event.listens_for(WritingSession, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    for changed in session.dirty:
        if type(changed) not in _WATCHED:
            continue
        sealed, names = _WATCHED[type(changed)]
        attributes = inspect(changed).attrs
        if any(attributes[name].history.has_changes() for name in names):
            sealing_of(session).about_to_change(sealed, changed.id)


def spans_of(sealed: Sealed, rows: sqlite3.Cursor) -> list[list[Any]]:
    """Seals of rows by ascending key: first, last, hash, how many."""
    return [[part[0][0], part[-1][0], sealed.digest(part), len(part)] for part in parts(rows)]


def predictions_of(rows: sqlite3.Cursor) -> list[list[Any]]:
    """Seals of predictions: checkpoint, head, spans of images, hash."""
    found: list[list[Any]] = []
    for part in parts(rows):
        for (checkpoint, head), group in by_head(part).items():
            group.sort(key=lambda row: row[0])
            spans = runs(row[0] for row in group)
            found.append([checkpoint, head, spans, PREDICTION.digest(group)])
    return found


def by_head(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Predictions by checkpoint and head."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row[CHECKPOINT], row[HEAD]), []).append(row)
    return groups


def values_in(
    driver: sqlite3.Connection, table: str, column: str, spans: Iterable[Sequence[int]]
) -> list[tuple[int, Any]]:
    """What a column holds in spans of rows, with their ids."""
    query = f"SELECT id, {quoted(column)} FROM {quoted(table)} WHERE id BETWEEN ? AND ? ORDER BY id"
    return [row for span in spans for row in driver.execute(query, tuple(span))]


def digest_of(table: str, column: str, rows: Sequence[Row]) -> str:
    """SHA-256 over a column of rows, by id."""
    return Sealed(table, "id", ("id", column), frozenset()).digest(rows)


def _put(found: Seals, kind: str, more: dict[str, Any] | list[Any]) -> None:
    """Add to the seals of a kind; nothing where there is nothing."""
    if not more:
        return
    if isinstance(more, list):
        found.setdefault(kind, []).extend(more)
    else:
        found.setdefault(kind, {}).update(more)
