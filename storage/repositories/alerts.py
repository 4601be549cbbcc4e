"""Alarms as people are told of them, each with the event of the outbox that tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.enums import Topic
from storage.models import AlertRow
from storage.repositories.outbox import Outbox


class Alerts:
    """The repository of what needs an admin."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self) -> list[AlertRow]:
        """What holds now, the oldest first."""
        query = select(AlertRow).where(AlertRow.settled_at.is_(None)).order_by(AlertRow.id)
        return list(self._session.scalars(query))

    def raise_(self, topic: Topic, subject: str, facts: dict[str, Any], now: datetime) -> None:
        """Something needs an admin from now on."""
        row = AlertRow(topic=topic, subject=subject, facts=facts, raised_at=now, seen_at=now)
        self._session.add(row)
        self._session.flush()
        self._tell(row, "raised", now)

    def see(self, row: AlertRow, facts: dict[str, Any], now: datetime) -> None:
        """It holds still."""
        row.facts, row.seen_at = facts, now

    def settle(self, row: AlertRow, now: datetime) -> None:
        """It holds no longer."""
        row.settled_at = now
        self._session.flush()
        self._tell(row, "settled", now)

    def _tell(self, row: AlertRow, status: str, now: datetime) -> None:
        document = {
            "alert": row.id,
            "status": status,
            "subject": row.subject,
            "facts": row.facts,
            "raised_at": row.raised_at.isoformat(),
        }
        Outbox(self._session).add(row.topic, f"alert:{row.id}", document, now)
