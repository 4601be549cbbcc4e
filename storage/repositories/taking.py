"""Figures of what each person did with the items that they were handed: for whoever watches over
the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind, ClaimOutcome
from storage.models import Claim, User
from storage.repositories.event_history import EventHistory

_GIVEN_BACK = (ClaimOutcome.RELEASED, ClaimOutcome.EXPIRED, ClaimOutcome.OUTWORN)


@dataclass(frozen=True)
class Taken:
    """One person's items that left their hands in some time."""

    name: str
    answered: int
    skipped: int
    given_back: int
    limited: int
    """How often the audit log tells, in all, that they ran into a limit."""


class Taking:
    """A read-only repository of what people took; those without anything are left out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def since(self, since: datetime) -> list[Taken]:
        """What everybody was handed and gave back since then, by name."""
        n = func.count()
        query = (
            select(
                User.name,
                n.filter(Claim.outcome == ClaimOutcome.LABELLED),
                n.filter(Claim.outcome == ClaimOutcome.SKIPPED),
                n.filter(Claim.outcome.in_(_GIVEN_BACK)),
            )
            .join(User, User.id == Claim.user_id)
            .where(Claim.ended_at >= since)
            .group_by(User.name)
        )
        counts = {row[0]: (row[1], row[2], row[3]) for row in self._session.execute(query)}
        limited = EventHistory(self._session).count_by_actor(AuditKind.LIMITED)
        return [
            Taken(name, *counts.get(name, (0, 0, 0)), limited.get(name, 0))
            for name in sorted(counts.keys() | limited.keys())
        ]
