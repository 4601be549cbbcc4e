"""Entities past the unit of work: found, and appended, by statements that are put together once.

To find out what a row of two entities holds takes SQLAlchemy's ORM half a millisecond, and to flush
a new one as long. Here a row is read and written by `Prepared`; the entities are the session's own
all the same, one for each row of a table, whatever found it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, insert, inspect
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state, set_committed_value

from storage.models import Base
from storage.prepared import Prepared, given

Entity = TypeVar("Entity", bound=Base)


class PreparedEntities:
    """A statement that finds entities: one of each of ``models`` in a row, in this order.

    What the session knows already stays as it is; what had expired of it is filled in.
    """

    def __init__(self, statement: Select[*tuple[Any, ...]], *models: type[Base]) -> None:
        self._kinds = tuple(map(_Kind, models))
        columns = [getattr(kind.model, name) for kind in self._kinds for name in kind.names]
        self._rows = Prepared(statement.with_only_columns(*columns))

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """All rows that are found, as entities."""
        found = self._rows.rows(session, **values)
        return [tuple(self._entities(session, row)) for row in found]

    def row(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """The first row that is found, as entities; None where there is none."""
        found = self._rows.rows(session, **values)
        return tuple(self._entities(session, found[0])) if found else None

    def _entities(self, session: Session, row: tuple[Any, ...]) -> Iterator[Any]:
        start = 0
        for kind in self._kinds:
            end = start + len(kind.names)
            yield kind.entity(session, row[start:end])
            start = end


class _Kind:
    """A kind of entity, whose table has a number as its key."""

    def __init__(self, model: type[Base]) -> None:
        mapper = inspect(model)
        (key,) = mapper.primary_key
        self.model = model
        self.names = [attribute.key for attribute in mapper.column_attrs]
        self._manager = mapper.class_manager
        self._identity_key = mapper.identity_key_from_primary_key
        self._place_of_key = self.names.index(mapper.get_property_by_column(key).key)

    def entity(self, session: Session, values: tuple[Any, ...]) -> Base:
        """The session's entity of a row."""
        key = self._identity_key((values[self._place_of_key],))
        known: Base | None = session.identity_map.get(key)
        if known is None:
            made: Base = self._manager.new_instance()
            made.__dict__.update(zip(self.names, values, strict=True))
            # As the ORM's own loader does: nothing of it has changed, and nothing is to follow it.
            state = instance_state(made)
            state.key, state.session_id = key, session.hash_key
            session.identity_map.add(state)
            return made
        for name, value in zip(self.names, values, strict=True):
            if name not in known.__dict__:
                set_committed_value(known, name, value)
        return known


class PreparedInsert(Generic[Entity]):
    """Appends new entities of ``model`` one by one."""

    def __init__(self, model: type[Entity]) -> None:
        mapper, table = inspect(model), inspect(model).local_table
        (key,) = mapper.primary_key
        self._key = mapper.get_property_by_column(key).key
        columns = [column for column in table.columns if column is not key]
        self._columns = [
            (column.key, mapper.get_property_by_column(column).key, column.default)
            for column in columns
        ]
        names = given(*(column.key for column in columns))
        self._insert = Prepared(insert(model).values(names).returning(key))

    def add(self, session: Session, entity: Entity) -> Entity:
        """Append ``entity``, give it its id, and have the session know it. What it does not say is
        what its columns have by default."""
        said = entity.__dict__
        for _, name, default in self._columns:
            if name not in said:
                set_committed_value(entity, name, _made(default))
        values = {column: said[name] for column, name, _ in self._columns}
        set_committed_value(entity, self._key, self._insert.value(session, **values))
        make_transient_to_detached(entity)  # as its row is stored, and ...
        session.add(entity)  # ... so one of the session's
        return entity


def _made(default: Any) -> Any:
    """What a column has by default; None where nothing is said of it."""
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg
