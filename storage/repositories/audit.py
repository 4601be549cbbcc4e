"""The audit log: append, and check that nobody rewrote it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind, ItemState
from storage.models import AuditEvent
from storage.types import utc_now

GENESIS = "0" * 64


@dataclass(frozen=True)
class Event:
    """Something to record; ``item_id`` and the states where it is about an item."""

    kind: AuditKind
    actor: str
    item_id: int | None = None
    from_state: ItemState | None = None
    to_state: ItemState | None = None
    details: dict[str, Any] = field(default_factory=dict)
    at: datetime = field(default_factory=utc_now)


class AuditLog:
    """Append-only and hash-chained; the write lock of the transaction keeps the chain straight."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, *events: Event) -> None:
        """Append ``events`` in order."""
        previous = self._last_hash()
        rows = []
        for event in events:
            row = _as_row(event, previous)
            previous = row["hash"]
            rows.append(row)
        if rows:
            self._session.execute(insert(AuditEvent), rows)

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

    def first_broken(self) -> int | None:
        """The id of the first row that does not follow from the one before it, or None."""
        previous = GENESIS
        for row in self._all():
            event = Event(
                row.kind, row.actor, row.item_id, row.from_state, row.to_state, row.details, row.at
            )
            if row.previous_hash != previous or row.hash != _digest(event, previous):
                return row.id
            previous = row.hash
        return None

    def _all(self) -> Iterator[AuditEvent]:
        query = select(AuditEvent).order_by(AuditEvent.id).execution_options(yield_per=1000)
        yield from self._session.scalars(query)

    def _last_hash(self) -> str:
        query = select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
        return self._session.scalar(query) or GENESIS


def _as_row(event: Event, previous: str) -> dict[str, Any]:
    return {
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "item_id": event.item_id,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "details": event.details,
        "previous_hash": previous,
        "hash": _digest(event, previous),
    }


def _digest(event: Event, previous: str) -> str:
    """SHA-256 over the previous hash and the row's content in one canonical form."""
    content = [
        previous,
        event.at.isoformat(),
        event.actor,
        event.kind,
        event.item_id,
        event.from_state,
        event.to_state,
        event.details,
    ]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
