"""Assignments: images that one person alone is handed, for some time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from storage.enums import AuditKind, ClaimOutcome, PlacedBy
from storage.models import Assignment, Claim, Label, User
from storage.prepared import Prepared
from storage.repositories.event_log import SYSTEM, AuditLog, Event
from storage.repositories.labels import IN_FORCE
from storage.repositories.portions import portions
from storage.repositories.queue import Ranks, WaitingQueue

LAPSED_AT_ONCE = 200
"""The most assignments that end in one transaction: somebody waits for it."""

# Made once: whoever is handed an item asks.
_LAPSED = Prepared(
    select(Assignment.item_id).where(Assignment.until <= bindparam("now")).limit(LAPSED_AT_ONCE)
)


class Assigned(NamedTuple):
    """Whom an image is kept for, and until when."""

    user_id: int
    until: datetime


class Assignments:
    """A repository of assignments. Who writes here gives the images their ranks, too."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_items(self, item_ids: Sequence[int]) -> dict[int, Assigned]:
        """The assignments of a batch of images, by item."""
        query = select(Assignment.item_id, Assignment.user_id, Assignment.until)
        rows = self._session.execute(query.where(Assignment.item_id.in_(item_ids)))
        return {item_id: Assigned(user_id, until) for item_id, user_id, until in rows}

    def name_of(self, item_id: int) -> str | None:
        """The name of whom an image is kept for; None where it is everybody's."""
        query = select(User.name).join(Assignment, Assignment.user_id == User.id)
        return self._session.scalar(query.where(Assignment.item_id == item_id))

    def put(self, assigned: Mapping[int, Assigned]) -> None:
        """Assign images, by item, whoever they were assigned to."""
        self.end(assigned)
        people = {one.user_id for one in assigned.values()}
        closed = select(User.id, User.disabled_at).where(User.id.in_(people))
        gone = {user_id: at for user_id, at in self._session.execute(closed) if at is not None}
        rows = [
            {"item_id": item_id, "user_id": one.user_id, "until": gone.get(one.user_id, one.until)}
            for item_id, one in assigned.items()
        ]
        if rows:
            self._session.execute(insert(Assignment), rows)

    def passed_by(self, user_id: int, item_ids: Sequence[int]) -> set[int]:
        """Those of a batch of images that somebody has answered on or skipped: they are never
        handed them again."""
        skipped = select(Claim.item_id).where(
            Claim.item_id.in_(item_ids),
            Claim.user_id == user_id,
            Claim.outcome == ClaimOutcome.SKIPPED,
        )
        answered = select(Label.item_id).where(
            Label.item_id.in_(item_ids), Label.user_id == user_id, *IN_FORCE
        )
        return set(self._session.scalars(skipped.union(answered)))

    def end(self, item_ids: Iterable[int]) -> None:
        """Assign images to nobody."""
        ids = list(item_ids)
        for some in portions(ids):
            self._session.execute(delete(Assignment).where(Assignment.item_id.in_(some)))

    def lapse(self, now: datetime, rank: float) -> int:
        """Make everybody's what was assigned until ``now`` or before, at ``rank``; how many images,
        at most `LAPSED_AT_ONCE`."""
        ids = [row[0] for row in _LAPSED.rows(self._session, now=now)]
        if ids:
            WaitingQueue(self._session).place(Ranks(dict.fromkeys(ids, rank), PlacedBy.HAND))
            self.end(ids)
            AuditLog(self._session).add(Event(AuditKind.LAPSED, SYSTEM, details={"items": ids}))
        return len(ids)
