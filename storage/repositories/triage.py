"""Policies and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.models import Decision, Policy


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
        query = (
            select(Decision)
            .where(Decision.item_id == item_id)
            .order_by(Decision.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)
