"""Items of the queue: their states, and the labels that came with them."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Case,
    CursorResult,
    SQLColumnExpression,
    bindparam,
    case,
    event,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from storage.enums import AuditKind, CountKind, ItemState, LabelValue, PlacedBy
from storage.errors import TransitionError
from storage.models import Claim, Image, Item, KnownLabel, Label
from storage.prepared import Prepared, each_of
from storage.prepared_entities import PreparedEntities, PreparedInsert
from storage.repositories.event_log import AuditLog, Event
from storage.repositories.given_places import IS_GIVEN, PLACE, give_places
from storage.repositories.labels import IN_FORCE
from storage.repositories.portions import AMONG, among
from storage.repositories.queue import Ranks
from storage.repositories.tallies import Tallies
from storage.states import WITH_PEOPLE, require
from storage.types import to_utc, utc_now


def _open_slots(state: SQLColumnExpression[ItemState]) -> Case[int]:
    """The labels that an item in ``state`` still wants: needed, less those in force, less live
    claims."""
    answered = (
        select(func.count())
        .select_from(Label)
        .where(Label.item_id == Item.id, Label.extra.is_(False), *IN_FORCE)
        .correlate(Item)
        .scalar_subquery()
    )
    live = (
        select(func.count())
        .select_from(Claim)
        .where(Claim.item_id == Item.id, Claim.ended_at.is_(None))
        .correlate(Item)
        .scalar_subquery()
    )
    return case(
        # An escalated item asks for one more answer, the adjudicator's.
        (state == ItemState.ESCALATED, 1 - live),
        else_=Item.needed_labels - answered - live,
    )


# Made once: what every answer asks for takes longer to put together than to run.
_WITH_IMAGES = select(Item, Image).join(Image, Image.id == Item.image_id)
_BY_ID = PreparedEntities(_WITH_IMAGES.where(Item.id == bindparam("item")), Item, Image)
_BY_IDS = PreparedEntities(
    _WITH_IMAGES.where(Item.id.in_(each_of("items"))).order_by(Item.id), Item, Image
)
_BY_IMAGE = PreparedEntities(select(Item).where(Item.image_id == bindparam("image")), Item)
_APPEND = PreparedInsert(Item)
_ONE = update(Item).where(Item.id == bindparam("item"))
_NEW_STATE = bindparam("to_state", type_=Item.state.type)
_RECOUNT = Prepared(_ONE.values(open_slots=_open_slots(Item.state)))
_SETTLE = Prepared(
    _ONE.values(
        state=_NEW_STATE,
        state_since=bindparam("since"),
        came_to_people_at=bindparam("came"),
        verdict=bindparam("verdict"),
        final_at=bindparam("final_at"),
        weighed=bindparam("weighed"),
        open_slots=_open_slots(_NEW_STATE),
    )
)
# As a case, or SQLite would look batches up by the very index that they are about to change.
_BEFORE = case((Item.state == bindparam("before"), 1), else_=0) == 1
_ACCEPT = (
    update(Item)
    .where(AMONG, _BEFORE)
    .values(state=ItemState.AUTO_ACCEPTED, state_since=bindparam("now"))
    # Else SQLite copies every page it changes, to be able to undo this statement alone.
    .prefix_with("OR ROLLBACK", dialect="sqlite")
)
_SEND_TO_PEOPLE = (
    update(Item)
    .where(IS_GIVEN, _BEFORE)
    .values(
        state=ItemState.IN_REVIEW,
        state_since=bindparam("now"),
        rank=PLACE,
        placed_by=bindparam("by"),
    )
    .prefix_with("OR ROLLBACK", dialect="sqlite")
)
_SHIFT = (
    update(Item)
    .where(Item.id.in_(bindparam("items", expanding=True)), _BEFORE)
    .values(state=_NEW_STATE, open_slots=_open_slots(_NEW_STATE))
)
_ACCEPT_AGAIN = _ONE.where(_BEFORE).values(
    state=ItemState.AUTO_ACCEPTED,
    state_since=bindparam("since"),
    rank=bindparam("place"),
    placed_by=bindparam("by"),
)
_SETTLED = [
    *("state", "state_since", "came_to_people_at"),
    *("verdict", "final_at", "weighed", "open_slots"),
]


@event.listens_for(Item.state, "set")
def _refuse_to_set(item: Item, *_: object) -> None:
    """A stored item's state is for `Items` to change."""
    if inspect(item).persistent:
        raise TransitionError(f"the state of item {item.id} was set past Items, which checks it")


def _leaves_people(before: ItemState, after: ItemState) -> bool:
    return before in WITH_PEOPLE and after not in WITH_PEOPLE


def _since(item: Item, state: ItemState, kind: AuditKind, now: datetime) -> datetime:
    """The time since which the item is in ``state``, once it is: what goes from people to people,
    or comes back to them, has waited since it came to the first. But not where a second look made
    it come back: it had been settled."""
    waited, waits = item.state in WITH_PEOPLE, state in WITH_PEOPLE
    if state is item.state or (waited and waits):
        return item.state_since
    comes_back = waits and kind is not AuditKind.LABELLED
    return (item.came_to_people_at if comes_back else None) or now


def told_of(verdict: LabelValue | None, final_at: datetime | None) -> dict[str, Any]:
    """What the log tells of a verdict, so that the item's row can be compared with it."""
    told: dict[str, Any] = {"verdict": verdict}
    return told if final_at is None else {**told, "final_at": to_utc(final_at).isoformat()}


def with_image(item: Item, image: Image) -> Item:
    """``item``, which has its ``image`` at hand."""
    set_committed_value(item, "image", image)
    return item


@dataclass(frozen=True)
class Move:
    """An item's change of state, with what else changes in the same row."""

    item_id: int
    to_state: ItemState
    kind: AuditKind
    details: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


class AcceptedBefore(NamedTuple):
    """An item as it was while the policy's acceptance of it stood."""

    item: int
    since: datetime
    place: float
    by: PlacedBy


def _told(move: Move) -> dict[str, Any]:
    if "verdict" not in move.values:
        return move.details
    return {**move.details, **told_of(move.values["verdict"], move.values.get("final_at"))}


class Items:
    """The queue. Nothing else changes an item's state, and each change is one that
    `storage.states.TRANSITIONS` declares. The audit log tells it: by an event about the item or, of
    batches, by the decisions that an event seals."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item: Item, actor: str) -> Item:
        """Put a new item into the queue and record it."""
        item.added_by = actor
        if item.id is None:
            _APPEND.add(self._session, item)
        require(None, AuditKind.INGESTED, item.state)
        event = Event(AuditKind.INGESTED, actor, item.id, None, item.state, {"name": item.name})
        AuditLog(self._session).add(event)
        return item

    def get(self, item_id: int) -> Item | None:
        """The item with its image."""
        found = _BY_ID.row(self._session, item=item_id)
        return None if found is None else with_image(*found)

    def get_many(self, item_ids: Sequence[int]) -> list[Item]:
        """Those of ``item_ids`` (a batch) that there are, by id, with images."""
        return [with_image(*row) for row in _BY_IDS.rows(self._session, items=list(item_ids))]

    def by_image(self, image_id: int) -> Item | None:
        """The item of the image; None where there is none."""
        found = _BY_IMAGE.row(self._session, image=image_id)
        return None if found is None else found[0]

    def in_state(self, state: ItemState, limit: int, after_id: int = 0) -> list[Item]:
        """Return up to ``limit`` items in ``state`` with ids above ``after_id``, by id, with
        images."""
        query = (
            select(Item)
            .where(Item.state == state, Item.id > after_id)
            .order_by(Item.id)
            .limit(limit)
            .options(joinedload(Item.image))
        )
        return list(self._session.scalars(query))

    def count(self, state: ItemState) -> int:
        """How many items are in ``state``, as the counters have it: pages ask after each answer,
        and a million entries of an index take a hundredth of a second."""
        return Tallies(self._session).count(CountKind(state.value))

    def move(self, actor: str, moves: Sequence[Move]) -> None:
        """Apply ``moves``; each that changes the state becomes a row of the audit log."""
        before = self._states([move.item_id for move in moves])
        now = utc_now()
        events = []
        rows = []
        for move in moves:
            old = before[move.item_id]
            require(old, move.kind, move.to_state)
            changed: dict[str, Any] = {"state_since": now} if old != move.to_state else {}
            if _leaves_people(old, move.to_state):
                changed["came_to_people_at"] = None
            rows.append({"id": move.item_id, "state": move.to_state, **changed, **move.values})
            events.append(
                Event(move.kind, actor, move.item_id, old, move.to_state, _told(move), now)
            )
        if rows:
            self._session.execute(update(Item), rows)
            AuditLog(self._session).add(*events)

    def settle(
        self,
        actor: str,
        item: Item,
        state: ItemState,
        verdict: LabelValue | None,
        final_at: datetime | None,
        kind: AuditKind,
        details: dict[str, Any],
        *,
        weighed: bool = False,
    ) -> None:
        """Move one item, which this transaction has read, to what the answers on it say, and
        recount its open slots; the audit log tells it. ``weighed``: whether the answers behind the
        verdict counted by skill."""
        require(item.state, kind, state)
        now = utc_now()
        leaves = _leaves_people(item.state, state)
        _SETTLE.run(
            self._session,
            item=item.id,
            to_state=state,
            since=_since(item, state, kind, now),
            came=item.state_since if leaves else item.came_to_people_at,
            verdict=verdict,
            final_at=final_at,
            weighed=weighed,
        )
        told = {**details, **told_of(verdict, final_at)}
        if leaves:
            told["came_to_people"] = to_utc(item.state_since).isoformat()
        if state is ItemState.RESOLVED and item.placed_by is not PlacedBy.TIME:
            told["chosen"] = True  # such a verdict never calibrates
        AuditLog(self._session).add(Event(kind, actor, item.id, item.state, state, told, now))
        self._session.expire(item, _SETTLED)

    def accept(self, item_ids: Sequence[int], before: ItemState, now: datetime) -> None:
        """Let the policy accept the items of a batch, all of them in the state ``before``, whose
        decisions record it.

        They keep their places until `WaitingQueue.sweep` takes them out in order: scattered all
        over the queue, each would cost a page of it now.
        """
        require(before, AuditKind.TRIAGED, ItemState.AUTO_ACCEPTED)
        asked = {**among(item_ids), "before": before, "now": now}
        self._all_changed(self._session.connection().execute(_ACCEPT, asked), item_ids)

    def send_to_people(
        self, ranks: Ranks, before: ItemState, event: AuditKind, now: datetime
    ) -> None:
        """Let people decide the items of a batch, all of them in the state ``before``, whose
        decisions record it, in the places that ``ranks`` give."""
        require(before, event, ItemState.IN_REVIEW)
        if ranks.by_item:
            give_places(self._session, ranks.by_item)
            asked = {"before": before, "now": now, "by": ranks.placed_by}
            done = self._session.connection().execute(_SEND_TO_PEOPLE, asked)
            self._all_changed(done, ranks.by_item)

    def shift(self, item_ids: Sequence[int], before: ItemState, after: ItemState) -> None:
        """An admin has the items of a batch, which wait for some people, wait for others; they have
        waited since they came to the first. The changes that go with it record it."""
        require(before, AuditKind.BULK_CHANGED, after)
        asked = {"items": item_ids, "before": before, "to_state": after}
        self._all_changed(self._session.connection().execute(_SHIFT, asked), item_ids)

    def accept_again(self, before: Sequence[AcceptedBefore]) -> None:
        """An admin takes back that the items of a batch were sent to people: they are as they were
        ``before``. The changes that go with it record it."""
        require(ItemState.IN_REVIEW, AuditKind.BULK_CHANGED, ItemState.AUTO_ACCEPTED)
        rows = [{**one._asdict(), "before": ItemState.IN_REVIEW} for one in before]
        self._all_changed(self._session.connection().execute(_ACCEPT_AGAIN, rows), rows)

    def _all_changed(self, done: CursorResult[Any], asked: Sized) -> None:
        """Raises `TransitionError` where some of a batch were in another state than was said."""
        if done.rowcount != len(asked):
            raise TransitionError(
                f"{len(asked) - done.rowcount} of {len(asked)} items were not in the state that "
                "they were to leave"
            )

    def refresh_slots(self, item_id: int) -> None:
        """Recount the labels still wanted."""
        _RECOUNT.run(self._session, item=item_id)
        item = self._session.identity_map.get(identity_key(Item, item_id))
        if item is not None:
            self._session.expire(item, ["open_slots"])

    def _states(self, ids: Sequence[int]) -> dict[int, ItemState]:
        states: dict[int, ItemState] = {}
        for start in range(0, len(ids), 500):  # SQLite limits the variables of one statement
            part = ids[start : start + 500]
            rows = self._session.execute(select(Item.id, Item.state).where(Item.id.in_(part)))
            states.update({row.id: row.state for row in rows})
        return states


_KNOWN = Prepared(select(KnownLabel.value).where(KnownLabel.item_id == bindparam("item")))
_APPEND_KNOWN = PreparedInsert(KnownLabel)


class KnownLabels:
    """Labels that came with images."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of_item(self, item_id: int) -> LabelValue | None:
        """The known label of the item; None where it came without."""
        value: LabelValue | None = _KNOWN.value(self._session, item=item_id)
        return value

    def of_split(self, split: str, first: int, last: int) -> dict[int, LabelValue]:
        """Known labels of the items of ``split`` between two ids, both included, by item id."""
        query = (
            select(KnownLabel.item_id, KnownLabel.value)
            .join(Item, Item.id == KnownLabel.item_id)
            .where(KnownLabel.item_id.between(first, last), Item.split == split)
        )
        return {row.item_id: row.value for row in self._session.execute(query)}

    def add(self, item_id: int, value: LabelValue, provenance: str, actor: str) -> None:
        """Store the item's known label and record it."""
        label = KnownLabel(item_id=item_id, value=value, provenance=provenance)
        _APPEND_KNOWN.add(self._session, label)
        details = {"value": value, "provenance": provenance}
        AuditLog(self._session).add(Event(AuditKind.KNOWN_LABEL, actor, item_id, details=details))
