"""Policies and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from storage.models import DecisionRow, PolicyRow
from storage.prepared import Prepared
from storage.prepared_entities import PreparedEntities

# Made once: what every answer asks for takes longer to put together than to run.
_OF_ITEM = DecisionRow.item_id == bindparam("item")
_NEWEST_OF = PreparedEntities(
    select(DecisionRow).where(_OF_ITEM).order_by(DecisionRow.id.desc()).limit(1), DecisionRow
)
_ANY = select(DecisionRow.id).where(_OF_ITEM).limit(1)
_ANY_OF = Prepared(_ANY)
_ANY_AUDIT_OF = Prepared(_ANY.where(DecisionRow.audited.is_(True)))


class Policies:
    """Policy versions; the highest is in force."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self) -> PolicyRow | None:
        """The version in force; None in a new database."""
        return self._session.scalar(select(PolicyRow).order_by(PolicyRow.version.desc()).limit(1))

    def get(self, version: int) -> PolicyRow | None:
        """The policy of that version; None where there never was one."""
        return self._session.get(PolicyRow, version)

    def add(self, policy: PolicyRow) -> None:
        """Append a version, which is in force from then on."""
        self._session.add(policy)
        self._session.flush()

    def history(self) -> list[PolicyRow]:
        """Every version, newest first."""
        return list(self._session.scalars(select(PolicyRow).order_by(PolicyRow.version.desc())))


class Decisions:
    """The decision log."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_many(self, rows: Sequence[dict[str, Any]]) -> None:
        """Append decisions; rows are column values of ``DecisionRow``."""
        if rows:
            self._session.execute(insert(DecisionRow), list(rows))

    def of_item(self, item_id: int) -> DecisionRow | None:
        """The item's newest decision."""
        found = _NEWEST_OF.row(self._session, item=item_id)
        return None if found is None else found[0]

    def newest_of(self, item_ids: Sequence[int]) -> dict[int, DecisionRow]:
        """The newest decisions on a batch of items, by item id; none of what has none."""
        if not item_ids:
            return {}
        newest = (
            select(func.max(DecisionRow.id))
            .where(DecisionRow.item_id.in_(item_ids))
            .group_by(DecisionRow.item_id)
        )
        rows = self._session.scalars(select(DecisionRow).where(DecisionRow.id.in_(newest)))
        return {row.item_id: row for row in rows}

    def all_on(self, item_id: int) -> list[DecisionRow]:
        """Every decision on the item, oldest first."""
        query = select(DecisionRow).where(DecisionRow.item_id == item_id).order_by(DecisionRow.id)
        return list(self._session.scalars(query))

    def any_of(self, item_id: int) -> bool:
        """Whether triage has ever decided on the item."""
        return _ANY_OF.value(self._session, item=item_id) is not None

    def was_audited(self, item_id: int) -> bool:
        """Whether the item was ever drawn for an audit."""
        return _ANY_AUDIT_OF.value(self._session, item=item_id) is not None
