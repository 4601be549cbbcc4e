"""Policies and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from storage.models import Decision, Policy

# Made once: what every answer asks for takes longer to put together than to run.
_OF_ITEM = Decision.item_id == bindparam("item")
_NEWEST_OF = select(Decision).where(_OF_ITEM).order_by(Decision.id.desc()).limit(1)
_ANY_OF = select(Decision.id).where(_OF_ITEM).limit(1)


class Policies:
    """Policy versions; the highest is in force."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def current(self) -> Policy | None:
        return self._session.scalar(select(Policy).order_by(Policy.version.desc()).limit(1))

    def get(self, version: int) -> Policy | None:
        return self._session.get(Policy, version)

    def add(self, policy: Policy) -> None:
        self._session.add(policy)
        self._session.flush()

    def history(self) -> list[Policy]:
        """Every version, newest first."""
        return list(self._session.scalars(select(Policy).order_by(Policy.version.desc())))


class Decisions:
    """The decision log."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_many(self, rows: Sequence[dict[str, Any]]) -> None:
        """Append decisions; rows are column values of ``Decision``."""
        if rows:
            self._session.execute(insert(Decision), list(rows))

    def of_item(self, item_id: int) -> Decision | None:
        """The item's newest decision."""
        return self._session.scalar(_NEWEST_OF, {"item": item_id})

    def newest_of(self, item_ids: Sequence[int]) -> dict[int, Decision]:
        """The newest decisions on a batch of items, by item id; none of what has none."""
        if not item_ids:
            return {}
        newest = (
            select(func.max(Decision.id))
            .where(Decision.item_id.in_(item_ids))
            .group_by(Decision.item_id)
        )
        rows = self._session.scalars(select(Decision).where(Decision.id.in_(newest)))
        return {row.item_id: row for row in rows}

    def all_on(self, item_id: int) -> list[Decision]:
        """Every decision on the item, oldest first."""
        query = select(Decision).where(Decision.item_id == item_id).order_by(Decision.id)
        return list(self._session.scalars(query))

    def any_of(self, item_id: int) -> bool:
        """Whether triage has ever decided on the item."""
        asked = {"item": item_id}
        return self._session.connection().scalar(_ANY_OF, asked) is not None
