"""The outbox: what is to be told, and how far the telling is.

Events are written with what happened; deliveries are derived from them, subscription by
subscription, behind a cursor. Of each line of a subscription the first event that was not delivered
is tried, or is dead; those behind it are held. So a process that is killed anywhere loses nothing,
and tells nothing of an item before what came before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    TextClause,
    Update,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.orm import Session, aliased, joinedload

from storage.enums import DeliveryState, Topic
from storage.models import (
    DecisionRow,
    Item,
    OutboxDelivery,
    OutboxEvent,
    SubscriptionRow,
)
from storage.models.notification import DUE, UNDELIVERED
from storage.types import utc_now

PORTION = 200
"""Events that are looked at for one subscription in one transaction: others write in between."""
MAX_WAITING = 2000
"""Deliveries of a subscription that wait for their time; further ones are derived when fewer do."""
_UNDELIVERED, _IS_WAITING = text(f"outbox_delivery.{UNDELIVERED}"), text(f"outbox_delivery.{DUE}")
"""Conditions that an index answers; with values in place of words, SQLite would not see that."""
_WAITING, _HELD, _DEAD = DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.DEAD
_Delivery = OutboxDelivery
_Condition = ColumnElement[bool] | TextClause
_PUT = upsert(_Delivery)
_PUT = _PUT.on_conflict_do_update(
    index_elements=["subscription_id", "event_id"],
    set_={
        **{name: _PUT.excluded[name] for name in ("state", "attempts", "due_at")},
        **dict.fromkeys(("status", "error", "ended_at")),
    },
    where=or_(_Delivery.state == DeliveryState.DELIVERED, _Delivery.state == DeliveryState.DROPPED),
)
"""A new delivery; of an event that is told again, the one of before."""


@dataclass(frozen=True)
class ToldItem:
    """An event of an item with what goes along with it."""

    event: OutboxEvent
    item: Item
    """The item with its image."""
    decision: DecisionRow | None


@dataclass(frozen=True)
class Claimed:
    """A delivery that this process is to try now."""

    id: int
    event: OutboxEvent
    attempts: int
    """How often it was tried, this time counted."""
    is_test: bool


@dataclass(frozen=True)
class DeliveryBacklog:
    """How the deliveries of one subscription stand."""

    open: int
    """Those that wait, and those that are held."""
    dead: int


class Outbox:
    """The repository of events and deliveries."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, topic: Topic, line: str, document: dict[str, Any], at: datetime) -> int:
        """Have something told that is about no item; the event's number."""
        event = OutboxEvent(topic=topic, line=line, document=document, at=at)
        self._session.add(event)
        self._session.flush()
        return event.id

    def add_for(self, subscription: SubscriptionRow, event_id: int) -> int:
        """Have one subscription told of an event that nobody else hears of; the delivery."""
        line = self._session.get_one(OutboxEvent, event_id).line
        row = _Delivery(
            subscription_id=subscription.id,
            event_id=event_id,
            line=line,
            state=_WAITING,
            due_at=utc_now(),
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def newest(self) -> int:
        """The number of the newest event; 0 before the first."""
        return self._session.scalar(select(func.max(OutboxEvent.id))) or 0

    def fan_out(self, row: SubscriptionRow, now: datetime) -> bool:
        """Derive the deliveries of the next events behind the cursor; whether there were any."""
        if self._waiting(row.id) >= MAX_WAITING:
            return False
        query = select(OutboxEvent.id).where(OutboxEvent.id > row.cursor)
        last = self._session.scalars(query.order_by(OutboxEvent.id).limit(PORTION)).all()
        if not last:
            return False
        heard = self._session.execute(_heard(row, row.cursor, last[-1])).all()
        busy = self._busy(row.id, {line for _, line in heard})
        rows = []
        for event_id, line in heard:
            rows.append(_new(row.id, event_id, line, _HELD if line in busy else _WAITING, now))
            busy.add(line)
        if rows:
            self._session.execute(_PUT, rows)
        row.cursor = last[-1]
        return True

    def _waiting(self, subscription_id: int) -> int:
        """How many deliveries wait for their time, up to `MAX_WAITING`."""
        waiting = select(_Delivery.id).where(
            _Delivery.subscription_id == subscription_id, _IS_WAITING
        )
        some = waiting.limit(MAX_WAITING).subquery()
        return self._session.scalar(select(func.count()).select_from(some)) or 0

    def _busy(self, subscription_id: int, lines: set[str]) -> set[str]:
        """Those of ``lines`` in which something is to be delivered still."""
        query = select(_Delivery.line).where(
            _Delivery.subscription_id == subscription_id, _Delivery.line.in_(lines), _UNDELIVERED
        )
        return set(self._session.scalars(query))

    def is_due(self, subscription_id: int, now: datetime) -> bool:
        """Whether anything is to be tried now."""
        query = select(_Delivery.id).where(*_due(subscription_id, now)).limit(1)
        return self._session.scalar(query) is not None

    def claim(
        self, subscription_id: int, now: datetime, until: datetime, most: int
    ) -> list[Claimed]:
        """At most ``most`` deliveries that are due, for this process to try: nobody else does until
        ``until``."""
        query = select(_Delivery, OutboxEvent).join(
            OutboxEvent, OutboxEvent.id == _Delivery.event_id
        )
        due = query.where(*_due(subscription_id, now)).order_by(_Delivery.due_at, _Delivery.id)
        found = []
        for row, event in self._session.execute(due.limit(most)).all():
            row.due_at, row.attempts = until, row.attempts + 1
            found.append(Claimed(row.id, event, row.attempts, event.topic is Topic.TEST))
        self._session.flush()
        return found

    def delivered(self, delivery_id: int, status: int | None, now: datetime) -> None:
        """It was taken; the next of its line is due."""
        row = self._session.get(_Delivery, delivery_id)
        if row is None or row.state is DeliveryState.DROPPED:
            return
        row.state, row.status, row.error, row.ended_at = (
            DeliveryState.DELIVERED,
            status,
            None,
            now,
        )
        self._session.flush()
        if self._busy(row.subscription_id, {row.line}):
            self._line_up(row.subscription_id, now, row.line)

    def failed(
        self,
        delivery_id: int,
        status: int | None,
        error: str,
        again: datetime | None,
        over: DeliveryState = _DEAD,
    ) -> None:
        """It was not taken, and is tried ``again``; None: it is ``over``."""
        row = self._session.get(_Delivery, delivery_id)
        if row is None or row.state is not _WAITING:
            return
        row.status, row.error = status, error
        if again is None:
            row.state, row.ended_at = over, utc_now()
        else:
            row.due_at = again
        self._session.flush()

    def retry(self, subscription_id: int, now: datetime, ids: Collection[int] = ()) -> int:
        """Try what is dead again, all of it or ``ids``; how many."""
        changed = update(_Delivery).where(*_dead(subscription_id, ids))
        values = {"state": _WAITING, "attempts": 0, "due_at": now, "ended_at": None}
        return self._changed(changed.values(values))

    def drop(self, subscription_id: int, now: datetime, ids: Collection[int] = ()) -> int:
        """Let go what is dead, all of it or ``ids``, so that what it held is told; how many."""
        changed = update(_Delivery).where(*_dead(subscription_id, ids))
        n = self._changed(changed.values(state=DeliveryState.DROPPED, ended_at=now))
        self._line_up(subscription_id, now)
        return n

    def drop_all(self, subscription_id: int, now: datetime) -> None:
        """Let everything go that was to be told to a subscription, which ends."""
        changed = update(_Delivery).where(*_open_of(subscription_id))
        self._changed(changed.values(state=DeliveryState.DROPPED, ended_at=now))

    def heard_after(self, row: SubscriptionRow, after: int) -> int:
        """How many events behind ``after`` the subscription hears of, of those that it passed."""
        heard = _heard(row, after, row.cursor).order_by(None).subquery()
        return self._session.scalar(select(func.count()).select_from(heard)) or 0

    def replay(self, row: SubscriptionRow, after: int) -> None:
        """Have every event behind ``after`` told again: what was told is derived anew from there
        on, portion by portion, and what is still to be told goes on as it is."""
        row.cursor = min(row.cursor, after)

    def backlog(self, subscription_id: int) -> DeliveryBacklog:
        """How many deliveries are open, and dead."""
        query = (
            select(_Delivery.state, func.count())
            .where(*_open_of(subscription_id))
            .group_by(_Delivery.state)
        )
        found = {row[0]: row[1] for row in self._session.execute(query)}
        return DeliveryBacklog(found.get(_WAITING, 0) + found.get(_HELD, 0), found.get(_DEAD, 0))

    def recent(
        self, subscription_id: int, most: int, state: DeliveryState | None = None
    ) -> list[tuple[OutboxDelivery, OutboxEvent]]:
        """The newest deliveries with their events, the newest first."""
        query = (
            select(_Delivery, OutboxEvent)
            .join(OutboxEvent, OutboxEvent.id == _Delivery.event_id)
            .where(_Delivery.subscription_id == subscription_id)
        )
        if state is not None:
            query = query.where(_Delivery.state == state)
        rows = self._session.execute(query.order_by(_Delivery.event_id.desc()).limit(most))
        return [(row, event) for row, event in rows]

    def get(self, delivery_id: int) -> OutboxDelivery | None:
        """The delivery of this number; None where there is none."""
        return self._session.get(_Delivery, delivery_id)

    def with_items(self, events: Sequence[OutboxEvent]) -> dict[int, ToldItem]:
        """What goes along with those of ``events`` that are about items, by their numbers."""
        query = (
            select(OutboxEvent, Item, DecisionRow)
            .join(Item, Item.id == OutboxEvent.item_id)
            .outerjoin(DecisionRow, DecisionRow.id == OutboxEvent.decision_id)
            .where(OutboxEvent.id.in_([event.id for event in events]))
            .options(joinedload(Item.image))
        )
        return {row[0].id: ToldItem(*row) for row in self._session.execute(query)}

    def forget(self, before: datetime) -> int:
        """Delete what was told before that time, and events that nobody is to be told of any more;
        how many events."""
        ended = (DeliveryState.DELIVERED, DeliveryState.DROPPED)
        over = select(OutboxEvent.id).where(OutboxEvent.at < before)
        old = delete(_Delivery).where(_Delivery.event_id.in_(over), _Delivery.state.in_(ended))
        self._changed(old)
        behind = select(func.min(SubscriptionRow.cursor)).where(
            SubscriptionRow.removed_at.is_(None)
        )
        cursor = self._session.scalar(behind)
        kept = select(_Delivery.id).where(_Delivery.event_id == OutboxEvent.id).exists()
        seen = [] if cursor is None else [OutboxEvent.id <= cursor]
        return self._changed(delete(OutboxEvent).where(OutboxEvent.at < before, ~kept, *seen))

    def pass_by(self, row: SubscriptionRow, before: datetime) -> int:
        """Have a subscription never told of what came before that time and was not looked at for it
        yet; how many events it would have heard of."""
        last = self._session.scalar(select(func.max(OutboxEvent.id)).where(OutboxEvent.at < before))
        if last is None or last <= row.cursor:
            return 0
        heard = _heard(row, row.cursor, last).order_by(None).subquery()
        n = self._session.scalar(select(func.count()).select_from(heard)) or 0
        row.cursor = last
        return n

    def _line_up(self, subscription_id: int, now: datetime, line: str | None = None) -> None:
        """Have the first of each line tried, and what is behind it held."""
        other = aliased(_Delivery, name="other")
        first = (
            select(func.min(other.event_id))
            .where(
                other.subscription_id == subscription_id,
                other.line == _Delivery.line,
                text(f"other.{UNDELIVERED}"),
            )
            .scalar_subquery()
        )
        ours = _open_of(subscription_id)
        if line is not None:
            ours.append(_Delivery.line == line)
        behind = update(_Delivery).where(
            *ours, _Delivery.state == _WAITING, _Delivery.event_id > first
        )
        self._changed(behind.values(state=_HELD))
        head = update(_Delivery).where(*ours, _Delivery.state == _HELD, _Delivery.event_id == first)
        self._changed(head.values(state=_WAITING, due_at=now))

    def _changed(self, statement: Update | Delete) -> int:
        """How many rows ``statement`` has changed; what was read before is read anew."""
        self._session.flush()
        done = self._session.connection().execute(statement)
        self._session.expire_all()
        return done.rowcount


def _heard(row: SubscriptionRow, after: int, last: int) -> Any:
    """The events of a span that a subscription hears of, and their lines, in order."""
    query = select(OutboxEvent.id, OutboxEvent.line).where(
        OutboxEvent.id > after,
        OutboxEvent.id <= last,
        OutboxEvent.topic.in_(map(Topic, row.topics)),
    )
    if row.added_by is not None:
        query = query.outerjoin(Item, Item.id == OutboxEvent.item_id).where(
            or_(OutboxEvent.item_id.is_(None), Item.added_by == row.added_by)
        )
    return query.order_by(OutboxEvent.id)


def _new(
    subscription_id: int, event_id: int, line: str, state: DeliveryState, now: datetime
) -> dict[str, Any]:
    return {
        "subscription_id": subscription_id,
        "event_id": event_id,
        "line": line,
        "state": state,
        "attempts": 0,
        "due_at": now,
    }


def _open_of(subscription_id: int) -> list[_Condition]:
    """Conditions for what is still to be delivered. With a bound on the line, which all meet, so
    that SQLite takes the index of these alone, and not that of all."""
    return [_Delivery.subscription_id == subscription_id, _Delivery.line > "", _UNDELIVERED]


def _due(subscription_id: int, now: datetime) -> tuple[_Condition, ...]:
    return (
        _Delivery.subscription_id == subscription_id,
        _IS_WAITING,
        _Delivery.due_at <= now,
    )


def _dead(subscription_id: int, ids: Collection[int]) -> list[_Condition]:
    found = [*_open_of(subscription_id), _Delivery.state == _DEAD]
    return [*found, _Delivery.id.in_(ids)] if ids else found
