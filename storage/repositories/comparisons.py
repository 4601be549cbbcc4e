"""Comparisons of detectors: counted, because each look at labels spends some of the confidence."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import ComparisonRow
from storage.repositories.event_log import AuditLog, Event
from storage.types import utc_now


class Comparisons:
    """Append-only; the log tells of each row, in the transaction that writes it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, champion_id: str, challenger_id: str, document: dict[str, Any], actor: str
    ) -> ComparisonRow:
        """Store what a comparison found."""
        now = utc_now()
        # In the order of the log, so that both are the same text.
        found = json.loads(json.dumps(document, sort_keys=True, allow_nan=False))
        row = ComparisonRow(
            champion_id=champion_id,
            challenger_id=challenger_id,
            document=found,
            compared_by=actor,
            compared_at=now,
        )
        self._session.add(row)
        details = {"champion": champion_id, "challenger": challenger_id, "document": found}
        AuditLog(self._session).add(Event(AuditKind.COMPARED, actor, details=details, at=now))
        return row

    def last(self, champion_id: str, challenger_id: str) -> ComparisonRow | None:
        """The newest one of these two; None where nobody compared them."""
        query = (
            select(ComparisonRow)
            .where(
                ComparisonRow.champion_id == champion_id,
                ComparisonRow.challenger_id == challenger_id,
            )
            .order_by(ComparisonRow.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)

    def get(self, number: int) -> ComparisonRow | None:
        """The comparison of that number; None where there is none."""
        return self._session.get(ComparisonRow, number)

    def newest(self) -> ComparisonRow | None:
        """The newest of all; None where there is none."""
        query = select(ComparisonRow).order_by(ComparisonRow.id.desc()).limit(1)
        return self._session.scalar(query)

    def challengers(self) -> list[str]:
        """Every challenger that there was, the one that was compared last first."""
        query = (
            select(ComparisonRow.challenger_id)
            .group_by(ComparisonRow.challenger_id)
            .order_by(func.max(ComparisonRow.id).desc())
        )
        return list(self._session.scalars(query))

    def count(self, since: datetime | None = None) -> int:
        """How many comparisons there were, ``since`` then or ever."""
        query = select(func.count()).select_from(ComparisonRow)
        if since is not None:
            query = query.where(ComparisonRow.compared_at >= since)
        return self._session.scalar(query) or 0

    def looks(self, challenger_id: str, since: datetime | None = None) -> int:
        """How many comparisons there were, of whichever detectors, up to the last one of this
        challenger, ``since`` then or ever; 0 where it was none."""
        query = select(func.count()).select_from(ComparisonRow)
        last = select(func.max(ComparisonRow.id)).where(
            ComparisonRow.challenger_id == challenger_id
        )
        if since is not None:
            query = query.where(ComparisonRow.compared_at >= since)
            last = last.where(ComparisonRow.compared_at >= since)
        return self._session.scalar(query.where(ComparisonRow.id <= last.scalar_subquery())) or 0
