"""The audit log: append, and check that nobody rewrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind, ItemState
from storage.models import AuditEvent
from storage.prepared import Prepared, given
from storage.seals.chain import GENESIS, TURNS, Chain, canonical, keyed, stored_events
from storage.seals.heads import ChainHead
from storage.seals.sealing import KEYS, Seals, driver_of, sealing_of
from storage.types import to_utc, utc_now

SYSTEM = "system"
"""Who acts where nobody does."""
# Made once: what every change asks for takes longer to put together than to run.
_LAST = Prepared(select(AuditEvent.id, AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1))
_APPEND = Prepared(
    insert(AuditEvent).values(given(*(str(column.key) for column in AuditEvent.__table__.columns)))
)


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
        """Append ``events`` in order; the last one seals what the transaction has written."""
        if not events:
            return
        self._session.flush()
        sealing = sealing_of(self._session)
        head = self.head() or ChainHead(0, GENESIS)
        key = sealing.keys.key_after(head, sealing.driver)
        rows = []
        for number, event in enumerate(events, start=1):
            seals = sealing.collect() if number == len(events) else {}
            rows.append(_as_row(event, head, key, seals))
            head = ChainHead(rows[-1]["id"], rows[-1]["hash"])
        for row in rows:
            _APPEND.run(self._session, **row)
        sealing.head = head
        sealing.keys.remember(head, key, turned=any(event.kind in TURNS for event in events))

    def seal_rest(self) -> None:
        """Append an event that seals what no other one of the transaction does, if there is such.

        At the end of every transaction.
        """
        self._session.flush()
        sealing = sealing_of(self._session)
        if sealing.pending():
            self.add(Event(AuditKind.SEALED, SYSTEM))

    def head(self) -> ChainHead | None:
        """The last event; None where there is none."""
        last = _LAST.rows(self._session)
        return ChainHead(*last[0]) if last else None

    def first_broken(self) -> int | None:
        """The id of the first row that does not follow from the one before it or was not made with
        the key, or None.

        Rows cut from the end leave a shorter chain that is whole: `storage.seals.heads` tells of
        them.
        """
        driver = driver_of(self._session)
        chain = Chain(self._session.info[KEYS].ring)
        for event in stored_events(driver):
            link = chain.follow(event)
            if not (link.follows and link.authentic):
                return event.id
        return None


def _as_row(event: Event, head: ChainHead, key: bytes, seals: Seals) -> dict[str, Any]:
    at = to_utc(event.at)
    # As they will be read back: JSON makes keys strings and tuples lists.
    details = json.loads(json.dumps(event.details))
    about = [event.actor, event.kind, event.item_id, event.from_state, event.to_state]
    sealed = json.dumps(seals, separators=(",", ":")) if seals else None
    return {
        "id": head.number + 1,
        "at": at,
        "actor": event.actor,
        "kind": event.kind,
        "item_id": event.item_id,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "details": details,
        "seals": sealed,
        "previous_hash": head.hash,
        "hash": keyed(key, canonical(at, about, details, sealed, head.hash)),
    }
