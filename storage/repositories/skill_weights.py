"""What people's answers weigh, by the day; the newest weights are in force."""

from __future__ import annotations

import json

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import SkillWeights
from storage.repositories.event_log import SYSTEM, AuditLog, Event
from storage.types import to_utc, utc_now

# Made once: what answers ask for takes longer to put together than to run.
_NEWEST = select(SkillWeights).order_by(SkillWeights.as_of.desc()).limit(1)


class SkillWeightBook:
    """Append-only; the log tells of each row, in the transaction that writes it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: SkillWeights) -> None:
        """Store ``row``, which is in force from then on."""
        row.made_at = utc_now()
        # In the order of the log, so that both are the same text.
        row.weights = json.loads(json.dumps(row.weights, sort_keys=True, allow_nan=False))
        self._session.add(row)
        as_of = to_utc(row.as_of).isoformat()
        details = {"as_of": as_of, "usual": row.usual, "weights": row.weights}
        event = Event(AuditKind.SKILL_WEIGHTS, SYSTEM, details=details, at=row.made_at)
        AuditLog(self._session).add(event)

    def newest(self) -> SkillWeights | None:
        """The weights in force; None before there were any."""
        return self._session.scalar(_NEWEST)
