"""What monitoring reads of the stream, in bounded portions, and what it found last."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ScalarSelect, Select, and_, exists, func, select
from sqlalchemy.orm import Session, aliased

from storage.enums import AuditKind, ItemState, LabelValue, PlacedBy
from storage.models import DecisionRow, Image, Item, MonitoringResult
from storage.repositories.event_history import EventHistory
from storage.repositories.held_out import HeadOf
from storage.repositories.labels import CLEAR, is_final
from storage.types import utc_now


class StreamItem(NamedTuple):
    """An item as the stream brought it: by the first decision that a detector's head made on it."""

    decision_id: int
    sha256: str | None
    """The hash of the image's file; None where only its scores are here."""
    score: float
    novelty: float | None


class SelectedLabel(NamedTuple):
    """An item with the probability of its label, and the label where it is final."""

    p_fake: float
    probability: float
    verdict: LabelValue | None
    """Real or fake, where it can be taken back no longer and nothing of the image put it first."""


class SettledItem(NamedTuple):
    """An item that people settled."""

    overridden: bool
    """Whether its verdict is another than what the detector leaned to."""
    hours: float | None
    """The time from its coming to people to its verdict; None where that is not known."""


class Monitoring:
    """The repository of monitoring."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def result(self, name: str) -> MonitoringResult | None:
        """What was found last under ``name``; None where nothing ever was."""
        return self._session.get(MonitoringResult, name)

    def keep(self, name: str, document: dict[str, Any]) -> None:
        """Put ``document``, which JSON can hold, in place of what was found before."""
        row = MonitoringResult(name=name, document=document, made_at=utc_now())
        self._session.merge(row)
        self._session.flush()

    def last_decision(self, until: datetime) -> int:
        """The id of the newest decision made up to ``until``; 0 where there is none."""
        query = select(func.max(DecisionRow.id)).where(DecisionRow.decided_at <= until)
        return self._session.scalar(query) or 0

    def after(self, of: HeadOf, decision_id: int, limit: int) -> list[StreamItem]:
        """The first ``limit`` items of the stream after a decision, in its order."""
        query = _stream(of).where(DecisionRow.id > decision_id).order_by(DecisionRow.id)
        return self._items(query.limit(limit))

    def until(self, of: HeadOf, decision_id: int, limit: int) -> list[StreamItem]:
        """The last ``limit`` items of the stream up to a decision, in its order."""
        query = _stream(of).where(DecisionRow.id <= decision_id).order_by(DecisionRow.id.desc())
        return self._items(query.limit(limit))[::-1]

    def selected(self, of: HeadOf, now: datetime, limit: int) -> list[SelectedLabel]:
        """The items among the newest ``limit`` that a head has decided, each by its newest
        decision."""
        newest = select(Item.id).order_by(Item.id.desc()).limit(limit).subquery()
        told = and_(
            Item.state == ItemState.RESOLVED,
            Item.verdict.in_(CLEAR),
            Item.placed_by == PlacedBy.TIME,
            is_final(Item.final_at, now),
        )
        query = (
            select(DecisionRow.p_fake, DecisionRow.inclusion_probability, Item.verdict, told)
            .join(newest, newest.c.id == Item.id)
            .join(DecisionRow, DecisionRow.id == _last())
            .where(
                DecisionRow.checkpoint_id == of.checkpoint_id,
                DecisionRow.head == of.head,
                DecisionRow.inclusion_probability > 0,
            )
        )
        return [
            SelectedLabel(p, probability, verdict if is_told else None)
            for p, probability, verdict, is_told in self._session.execute(query)
        ]

    def settled(self, now: datetime, limit: int) -> list[SettledItem]:
        """The items among the newest ``limit`` that people settled as real or fake for good."""
        newest = select(Item.id).order_by(Item.id.desc()).limit(limit).subquery()
        fake = Item.verdict == LabelValue.FAKE
        query = (
            select((DecisionRow.p_fake >= 0.5) != fake, Item.came_to_people_at, Item.state_since)
            .join(newest, newest.c.id == Item.id)
            .join(DecisionRow, DecisionRow.id == _last())
            .where(
                Item.state == ItemState.RESOLVED,
                Item.verdict.in_(CLEAR),
                is_final(Item.final_at, now),
                Item.came_to_people_at.is_not(None),
            )
        )
        return [
            SettledItem(bool(over), None if came is None else (then - came).total_seconds() / 3600)
            for over, came, then in self._session.execute(query)
        ]

    def reopened(self, limit: int) -> int:
        """How many of the newest ``limit`` events of the log sent an acceptance back to people."""
        return EventHistory(self._session).count_among_newest(AuditKind.REOPENED, limit)

    def _items(self, query: Select[*tuple[Any, ...]]) -> list[StreamItem]:
        return [StreamItem._make(row) for row in self._session.execute(query)]


def _last() -> ScalarSelect[Any]:
    """The newest decision on an item."""
    later = aliased(DecisionRow)
    return (
        select(func.max(later.id)).where(later.item_id == Item.id).correlate(Item).scalar_subquery()
    )


def _stream(of: HeadOf) -> Select[*tuple[Any, ...]]:
    earlier = aliased(DecisionRow)
    again = exists().where(
        earlier.item_id == DecisionRow.item_id,
        earlier.checkpoint_id == of.checkpoint_id,
        earlier.head == of.head,
        earlier.id < DecisionRow.id,
    )
    return (
        select(DecisionRow.id, Image.sha256, DecisionRow.score, DecisionRow.novelty)
        .join(Item, Item.id == DecisionRow.item_id)
        .join(Image, Image.id == Item.image_id)
        .where(
            DecisionRow.checkpoint_id == of.checkpoint_id,
            DecisionRow.head == of.head,
            ~again,
        )
    )
