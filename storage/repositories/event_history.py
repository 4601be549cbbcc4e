"""The event log as it is shown. Nothing decides by it: what decides is in tables of its own."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import AuditEvent


class EventHistory:
    """A read-only repository of the events of the log. `tests/test_event_log_decides_nothing.py`
    names who may ask it, and what for."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_item(self, item_id: int) -> list[AuditEvent]:
        """The item's events, oldest first."""
        query = select(AuditEvent).where(AuditEvent.item_id == item_id).order_by(AuditEvent.id)
        return list(self._session.scalars(query))

    def latest(self, limit: int) -> list[AuditEvent]:
        """The newest events, newest first."""
        return list(
            self._session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit))
        )

    def of_kind(self, kind: AuditKind) -> list[AuditEvent]:
        """Every event of ``kind``, oldest first."""
        query = select(AuditEvent).where(AuditEvent.kind == kind).order_by(AuditEvent.id)
        return list(self._session.scalars(query))

    def count_by_actor(self, kind: AuditKind) -> dict[str, int]:
        """The number of events of ``kind`` that are about no item, by who did it."""
        query = (
            select(AuditEvent.actor, func.count())
            .where(AuditEvent.item_id.is_(None), AuditEvent.kind == kind)
            .group_by(AuditEvent.actor)
        )
        return {row[0]: row[1] for row in self._session.execute(query)}

    def count_among_newest(self, kind: AuditKind, limit: int) -> int:
        """How many of the newest ``limit`` events are of ``kind``."""
        newest = select(AuditEvent.kind).order_by(AuditEvent.id.desc()).limit(limit).subquery()
        query = select(func.count()).where(newest.c.kind == kind)
        return self._session.scalar(query) or 0
