"""Counters, which answer in a time that does not grow with the queue; `storage.models.counting`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, Table, delete, func, insert, literal, select, type_coerce
from sqlalchemy.orm import Session

from storage.enums import CountKind, ItemState, LabelValue
from storage.models import HourCount, Item, KnownLabel, Label, LabelCount, SourceCount
from storage.models.base import Base
from storage.models.counting import NO_SOURCE, SourceTally
from storage.repositories.labels import IN_FORCE
from storage.states import WITH_PEOPLE
from storage.types import to_utc


def hour_of(time: datetime) -> str:
    """The hour that ``time`` belongs to, as counters have it."""
    return f"{to_utc(time):%Y-%m-%d %H}"


class Tallies:
    """A repository of the counters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def by_state(self) -> dict[ItemState, int]:
        """Items in each state, all states named."""
        found = self._sums()
        return {state: found.get(CountKind(state.value), 0) for state in ItemState}

    def count(self, kind: CountKind, since: datetime | None = None) -> int:
        """How many of ``kind`` there are, since the hour that begins at ``since``."""
        query = select(func.sum(HourCount.n)).where(HourCount.kind == kind)
        if since is not None:
            query = query.where(HourCount.hour >= hour_of(since))
        return self._session.scalar(query) or 0

    def by_hour(
        self, kinds: Iterable[CountKind], since: datetime
    ) -> dict[CountKind, dict[str, int]]:
        """How many of each of ``kinds`` in each hour from that of ``since`` on; hours with none may
        be left out."""
        wanted = list(kinds)
        query = select(HourCount.kind, HourCount.hour, HourCount.n).where(
            HourCount.kind.in_(wanted), HourCount.hour >= hour_of(since)
        )
        found: dict[CountKind, dict[str, int]] = {kind: {} for kind in wanted}
        for kind, hour, n in self._session.execute(query):
            found[kind][hour] = n
        return found

    def by_source(self, limit: int) -> list[SourceTally]:
        """The ``limit`` sources with most items, most first."""
        total = func.sum(SourceCount.n)
        largest = (
            select(SourceCount.source)
            .group_by(SourceCount.source)
            .having(total > 0)
            .order_by(total.desc(), SourceCount.source)
            .limit(limit)
        )
        sources = list(self._session.scalars(largest))
        rows = self._session.execute(
            select(SourceCount.source, SourceCount.state, SourceCount.verdict, SourceCount.n).where(
                SourceCount.source.in_(sources), SourceCount.n > 0
            )
        )
        states: dict[str, dict[ItemState, int]] = {source: {} for source in sources}
        verdicts: dict[str, dict[LabelValue, int]] = {source: {} for source in sources}
        for source, state, verdict, n in rows:
            states[source][state] = states[source].get(state, 0) + n
            if verdict and state is ItemState.RESOLVED:
                value = LabelValue(verdict)
                verdicts[source][value] = verdicts[source].get(value, 0) + n
        return [SourceTally(source, states[source], verdicts[source]) for source in sources]

    def by_person(self) -> dict[int, dict[LabelValue, int]]:
        """Labels in force by person and value; without those who have none."""
        found: dict[int, dict[LabelValue, int]] = {}
        query = select(LabelCount.user_id, LabelCount.value, LabelCount.n).where(LabelCount.n > 0)
        for user_id, value, n in self._session.execute(query):
            found.setdefault(user_id, {})[value] = n
        return found

    def wrong(self) -> dict[str, list[str]]:
        """The counters, by table, that are not what the rows come to: every row is looked at."""
        found = {}
        for model, truth in _TRUTH.items():
            table = _table(model)
            columns = [c for c in table.columns if c.name != "n"]
            stored = self._counted(select(*columns, table.c.n).where(table.c.n != 0))
            counted: dict[str, int] = {}
            for query in truth:
                counted |= self._counted(query)
            keys = sorted(
                k for k in stored.keys() | counted.keys() if stored.get(k) != counted.get(k)
            )
            if keys:
                found[table.name] = keys
        return found

    def recount(self) -> None:
        """Count all rows anew."""
        for model, truth in _TRUTH.items():
            names = [column.name for column in _table(model).columns]
            self._session.execute(delete(model))
            for query in truth:
                self._session.execute(insert(model).from_select(names, query))

    def _sums(self) -> dict[CountKind, int]:
        known = HourCount.kind.in_(list(CountKind))  # whatever else a damaged file holds
        query = select(HourCount.kind, func.sum(HourCount.n)).where(known).group_by(HourCount.kind)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def _counted(self, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
        """Counts by what is stored, which in a damaged file need not be a word that is known."""
        *keys, n = query.selected_columns
        plain = query.with_only_columns(*(type_coerce(key, String) for key in keys), n)
        return {" ".join(map(str, key)): n for *key, n in self._session.execute(plain)}


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _hours(kind: Any, time: Any) -> Select[*tuple[Any, ...]]:
    hour = func.substr(time, 1, 13, type_=HourCount.hour.type)
    return select(kind, hour, func.count()).group_by(kind, hour)


_DONE = (Item.came_to_people_at.is_not(None), Item.state.not_in(WITH_PEOPLE))
_SOURCE = func.coalesce(Item.source, NO_SOURCE)
_VERDICT = func.coalesce(Item.verdict, "", type_=SourceCount.verdict.type)
_TRUTH: Mapping[type[Base], tuple[Select[*tuple[Any, ...]], ...]] = {
    HourCount: (
        _hours(literal(CountKind.ARRIVED.value), Item.created_at),
        _hours(Item.state, Item.state_since),
        _hours(literal(CountKind.CAME.value), Item.came_to_people_at).where(*_DONE),
        _hours(literal(CountKind.SETTLED.value), Item.state_since).where(*_DONE),
        _hours(literal(CountKind.LABEL.value), Label.labelled_at).where(*IN_FORCE),
        _hours(literal(CountKind.KNOWN_LABEL.value), KnownLabel.created_at),
    ),
    SourceCount: (
        select(_SOURCE, Item.state, _VERDICT, func.count()).group_by(_SOURCE, Item.state, _VERDICT),
    ),
    LabelCount: (
        select(Label.user_id, Label.value, func.count())
        .where(*IN_FORCE)
        .group_by(Label.user_id, Label.value),
    ),
}
"""What each table of counters comes to, by the rows alone."""
