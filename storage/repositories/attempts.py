"""Attempts to certify: counted, because each spends some of the confidence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import CertificationAttempt
from storage.repositories.event_log import AuditLog, Event
from storage.types import utc_now


class CertificationAttempts:
    """Append-only; the log tells of each row, in the transaction that writes it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, checkpoint_id: str, labels: str, actor: str) -> None:
        """Spend an attempt at certifying the checkpoint on ``labels``, which are in words."""
        now = utc_now()
        self._session.add(
            CertificationAttempt(
                checkpoint_id=checkpoint_id, labels=labels, tried_by=actor, tried_at=now
            )
        )
        details = {"checkpoint": checkpoint_id, "labels": labels}
        event = Event(AuditKind.CERTIFICATION_TRIED, actor, details=details, at=now)
        AuditLog(self._session).add(event)

    def count(self, checkpoint_id: str, since: datetime | None = None) -> int:
        """The number of attempts at certifying the checkpoint, ``since`` then or ever."""
        query = (
            select(func.count())
            .select_from(CertificationAttempt)
            .where(CertificationAttempt.checkpoint_id == checkpoint_id)
        )
        if since is not None:
            query = query.where(CertificationAttempt.tried_at >= since)
        return self._session.scalar(query) or 0

    def last(self) -> CertificationAttempt | None:
        """The newest attempt, at whatever checkpoint."""
        query = select(CertificationAttempt).order_by(CertificationAttempt.id.desc()).limit(1)
        return self._session.scalar(query)
