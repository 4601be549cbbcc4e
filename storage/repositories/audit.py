"""The audit log: append, and check that nobody rewrote it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import String, cast, insert, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind, ItemState
from storage.models import AuditEvent
from storage.types import to_utc, utc_now

GENESIS = "0" * 64
# Made once: what every change asks for takes longer to put together than to run.
_LAST_HASH = select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
_APPEND = insert(AuditEvent)


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
            self._session.connection().execute(_APPEND, rows)

    def of_item(self, item_id: int) -> list[AuditEvent]:
        """The item's events, oldest first."""
        query = select(AuditEvent).where(AuditEvent.item_id == item_id).order_by(AuditEvent.id)
        return list(self._session.scalars(query))

    def score_files(self) -> list[AuditEvent]:
        """The events about score files, oldest first: each tells which items its file brought."""
        query = select(AuditEvent).where(
            AuditEvent.item_id.is_(None), AuditEvent.kind == AuditKind.SCORES_INGESTED
        )
        return list(self._session.scalars(query.order_by(AuditEvent.id)))

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
        """The id of the first row that does not follow from the one before it, or None.

        Rows cut from the end leave a shorter chain that is whole: compare ``latest`` with a copy
        kept elsewhere to find that.
        """
        previous = GENESIS
        query = select(*_AS_TEXT).order_by(AuditEvent.id).execution_options(yield_per=1000)
        for row_id, *stored, previous_hash, digest in self._session.execute(query):
            if previous_hash != previous or digest != _digest_of_stored(stored, previous):
                return int(row_id)
            previous = digest
        return None

    def _last_hash(self) -> str:
        return self._session.connection().scalar(_LAST_HASH) or GENESIS


# Read for checking as plain text: a forged row may hold what no enum, time or JSON would parse.
_AS_TEXT = (
    AuditEvent.id,
    cast(AuditEvent.at, String),
    AuditEvent.actor,
    cast(AuditEvent.kind, String),
    AuditEvent.item_id,
    cast(AuditEvent.from_state, String),
    cast(AuditEvent.to_state, String),
    cast(AuditEvent.details, String),
    AuditEvent.previous_hash,
    AuditEvent.hash,
)


def _as_row(event: Event, previous: str) -> dict[str, Any]:
    at = to_utc(event.at)
    # As they will be read back: JSON makes keys strings and tuples lists.
    details = json.loads(json.dumps(event.details))
    about = [event.actor, event.kind, event.item_id, event.from_state, event.to_state]
    return {
        "at": at,
        "actor": event.actor,
        "kind": event.kind,
        "item_id": event.item_id,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "details": details,
        "previous_hash": previous,
        "hash": _digest(at, about, details, previous),
    }


def _digest_of_stored(stored: Sequence[Any], previous: str) -> str | None:
    """The hash that a row's text should have, or None where no event could have left that text."""
    at, *about, details = stored
    try:
        moment = datetime.fromisoformat(at)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else to_utc(moment)
        return _digest(moment, about, json.loads(details), previous)
    except (TypeError, ValueError):
        return None


def _digest(at: datetime, about: Sequence[Any], details: dict[str, Any], previous: str) -> str:
    """SHA-256 over the previous hash and the row's content in one canonical form."""
    content = [previous, at.isoformat(), *about, details]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
