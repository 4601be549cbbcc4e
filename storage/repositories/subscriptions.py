"""Subscriptions: made and ended together with the events of the log that tell of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import SubscriptionRow
from storage.repositories.event_log import AuditLog, Event
from storage.types import to_utc, utc_now


class Subscriptions:
    """The repository of who is told of what."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def next_id(self) -> int:
        """The number of the next one: they are counted in the order of the log."""
        return 1 + (self._session.scalar(select(func.max(SubscriptionRow.id))) or 0)

    def add(self, row: SubscriptionRow, actor: str) -> SubscriptionRow:
        """Store a subscription that ``actor`` has made. Its address is not for the log, which many
        may read: addresses hold secrets."""
        row.made_by, row.made_at = actor, utc_now()
        self._session.add(row)
        self._session.flush()
        details = {
            "subscription": row.id,
            "name": row.name,
            "channel": row.channel,
            "topics": list(row.topics),
            "added_by": row.added_by,
        }
        event = Event(AuditKind.SUBSCRIBED, actor, details=details, at=row.made_at)
        AuditLog(self._session).add(event)
        return row

    def end(self, row: SubscriptionRow, actor: str) -> None:
        """End a subscription that has not ended; its address is forgotten."""
        row.removed_by, row.removed_at, row.address = actor, utc_now(), ""
        self._session.flush()
        details = {"subscription": row.id, "name": row.name}
        event = Event(AuditKind.UNSUBSCRIBED, actor, details=details, at=row.removed_at)
        AuditLog(self._session).add(event)

    def rotate(self, row: SubscriptionRow, salt: str, until: datetime | None, actor: str) -> None:
        """Have a subscription sign by another ``salt``, and by the one before ``until`` then."""
        row.former_salt = row.salt if until else None
        row.salt, row.former_until = salt, until
        row.rotated_by, row.rotated_at = actor, utc_now()
        told = None if until is None else to_utc(until).isoformat()
        self._changed(row, AuditKind.SECRET_ROTATED, actor, row.rotated_at, former_until=told)

    def pause(self, row: SubscriptionRow, actor: str) -> None:
        """Have a subscription told of nothing that is not under way."""
        row.paused_by, row.paused_at = actor, utc_now()
        self._changed(row, AuditKind.TELLING_PAUSED, actor, row.paused_at)

    def resume(self, row: SubscriptionRow, actor: str) -> None:
        """Have it told on from where it was."""
        row.paused_by = row.paused_at = None
        self._changed(row, AuditKind.TELLING_RESUMED, actor, utc_now())

    def get(self, subscription_id: int) -> SubscriptionRow | None:
        """The subscription of this number; None where there is none, or it has ended."""
        row = self._session.get(SubscriptionRow, subscription_id)
        return None if row is None or row.removed_at is not None else row

    def live(self) -> list[SubscriptionRow]:
        """Every subscription that has not ended, the oldest first."""
        query = select(SubscriptionRow).where(SubscriptionRow.removed_at.is_(None))
        return list(self._session.scalars(query.order_by(SubscriptionRow.id)))

    def told(self) -> list[SubscriptionRow]:
        """Those of them that are not paused."""
        return [row for row in self.live() if row.paused_at is None]

    def paused(self) -> list[SubscriptionRow]:
        """Those of them that are."""
        return [row for row in self.live() if row.paused_at is not None]

    def _changed(
        self, row: SubscriptionRow, kind: AuditKind, actor: str, at: datetime, **more: str | None
    ) -> None:
        self._session.flush()
        details = {"subscription": row.id, "name": row.name, **more}
        AuditLog(self._session).add(Event(kind, actor, details=details, at=at))
