"""The places of items that wait for people, and what a place is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue, PlacedBy
from storage.models import DecisionRow, Image, Item, Label, QueuePlace
from storage.repositories.given_places import IS_GIVEN, PLACE, give_places
from storage.repositories.labels import IN_FORCE
from storage.repositories.portions import AMONG, among, portions

Found = TypeVarTuple("Found")

# Made once: what every chunk asks for takes longer to put together than to run.
_PLACE = update(Item).where(IS_GIVEN).values(rank=PLACE, placed_by=bindparam("by"))
_LEAVE = delete(QueuePlace).where(
    tuple_(QueuePlace.state, QueuePlace.rank, QueuePlace.item_id).in_(
        select(Item.state, Item.rank, Item.id).where(
            Item.id.in_(bindparam("items", expanding=True))
        )
    )
)
FRONT = -4.0
"""Ranks below are those of what an admin put before all others."""
KEPT = 1e12
"""Ranks from here on are those of what is kept for one person: see `kept_for`."""


def kept_for(user_id: int) -> tuple[float, float]:
    """The ranks of what is kept for a person: from the first on, and below the second."""
    return KEPT + user_id, KEPT + user_id + 1


_THERE = (
    Item.id == QueuePlace.item_id,
    Item.state == QueuePlace.state,
    Item.rank == QueuePlace.rank,
)


def in_queue(query: Select[*Found], state: ItemState) -> Select[*Found]:
    """``query``, which is over items, of those that wait in ``state``, from the queue's front."""
    return (
        query.join(QueuePlace, and_(*_THERE))
        .where(QueuePlace.state == state)
        .order_by(QueuePlace.rank, QueuePlace.item_id)
    )


@dataclass(frozen=True)
class Ranks:
    """New ranks of items, all made from the same."""

    by_item: Mapping[int, float]
    placed_by: PlacedBy

    def only(self, item_ids: Iterable[int]) -> Ranks:
        """Those of ``item_ids`` that have one here."""
        kept = {i: self.by_item[i] for i in item_ids if i in self.by_item}
        return Ranks(kept, self.placed_by)


@dataclass(frozen=True)
class Waiting:
    """An item that waits, with the scores of its newest decision."""

    item_id: int
    key: str
    """The key of the image."""
    state_since: datetime
    rank: float
    placed_by: PlacedBy
    checkpoint_id: str
    p_fake: float
    std: float
    novelty: float | None
    audited: bool


class WaitingQueue:
    """Items in review."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def after(self, item_id: int, limit: int) -> list[Waiting]:
        """Return up to ``limit`` decided items that wait, by id, from ``item_id`` on exclusively;
        none that an admin has placed, which no order moves."""
        by_order = self._waiting().where(Item.placed_by != PlacedBy.HAND)
        return self._rows(by_order.where(Item.id > item_id).order_by(Item.id).limit(limit))

    def newest(self, limit: int) -> list[Waiting]:
        """The newest items that wait."""
        return self._rows(self._waiting().order_by(Item.id.desc()).limit(limit))

    def ends(self) -> tuple[PlacedBy, PlacedBy] | None:
        """What the ranks of the first and of the last item that wait were made from, but for what
        an admin placed; None where nothing else waits. Kinds of ranks lie together, so these tell
        of all between them."""
        places = in_queue(select(Item.placed_by), ItemState.IN_REVIEW).limit(1)
        places = places.where(QueuePlace.rank >= FRONT, QueuePlace.rank < KEPT)
        backwards = (QueuePlace.rank.desc(), QueuePlace.item_id.desc())
        first = self._session.scalar(places)
        last = self._session.scalar(places.order_by(None).order_by(*backwards))
        return None if first is None or last is None else (first, last)

    def sweep(self, after: float, limit: int) -> float | None:
        """Take out places of items that wait there no longer: of those that come after a rank, the
        first ``limit``, and any of the same rank as the last.

        That rank, to go on from; None where there were no more. A place that an item has left for
        another one stays until the item waits no longer.
        """
        places = select(QueuePlace.rank).where(
            QueuePlace.state == ItemState.IN_REVIEW, QueuePlace.rank > after
        )
        last = self._session.scalar(places.order_by(QueuePlace.rank).offset(limit - 1).limit(1))
        # A range of ids, if of one, makes SQLite look into an index, which fits into memory, and
        # not at the items themselves, which do not.
        itself = Item.id.between(QueuePlace.item_id, QueuePlace.item_id)
        there = select(Item.id).where(Item.state == QueuePlace.state, itself).exists()
        left = delete(QueuePlace).where(
            QueuePlace.state == ItemState.IN_REVIEW,
            QueuePlace.rank > after,
            QueuePlace.rank <= (inf if last is None else last),
            ~there,
        )
        self._session.connection().execute(left)
        return last

    def place(self, ranks: Ranks) -> None:
        """Give items their ranks."""
        if ranks.by_item:
            give_places(self._session, ranks.by_item)
            self._session.connection().execute(_PLACE, {"by": ranks.placed_by})

    def leave(self, item_ids: Sequence[int]) -> None:
        """Take out the places of items of a batch that the policy is about to accept again: where
        an admin had put them they would be in everybody's way until the next sweep."""
        self._session.connection().execute(_LEAVE, {"items": item_ids})

    def ask_one_more(self, item_ids: Sequence[int]) -> None:
        """Ask one person more about each of ``item_ids``."""
        for some in portions(item_ids):
            self._session.execute(
                update(Item)
                .where(Item.id.in_(some))
                .values(needed_labels=Item.needed_labels + 1, open_slots=Item.open_slots + 1)
            )

    def near_disputed(self, item_ids: Sequence[int]) -> set[int]:
        """Those of ``item_ids`` (a batch) whose near-duplicate was disputed.

        An earlier image that looks alike is disputed when its reviewers disagreed, when it was
        escalated, or when its verdict is against what the detector leaned to.
        """
        found = self._session.connection().execute(_NEAR_DISPUTED, among(item_ids))
        return set(found.scalars())

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Waiting]:
        return [Waiting(*row) for row in self._session.execute(query)]

    def _waiting(self) -> Select[*tuple[Any, ...]]:
        newest = (
            select(func.max(DecisionRow.id))
            .where(DecisionRow.item_id == Item.id)
            .correlate(Item)
            .scalar_subquery()
        )
        return (
            select(
                Item.id,
                Image.key,
                Item.state_since,
                Item.rank,
                Item.placed_by,
                DecisionRow.checkpoint_id,
                DecisionRow.p_fake,
                DecisionRow.std,
                DecisionRow.novelty,
                DecisionRow.audited,
            )
            .join(Image, Image.id == Item.image_id)
            .join(DecisionRow, DecisionRow.id == newest)
            .where(Item.state == ItemState.IN_REVIEW)
        )


def _disagreement(item_id: Any) -> ColumnElement[bool]:
    values = (
        select(func.count(Label.value.distinct()))
        .where(Label.item_id == item_id, *IN_FORCE)
        .scalar_subquery()
    )
    return values > 1


def _against_detector(item_id: Any, verdict: Any) -> ColumnElement[bool]:
    newest = (
        select(DecisionRow.p_fake)
        .where(DecisionRow.item_id == item_id)
        .order_by(DecisionRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return or_(
        and_(verdict == LabelValue.REAL, newest >= 0.5),
        and_(verdict == LabelValue.FAKE, newest < 0.5),
    )


def _near_disputed() -> Select[int]:
    """See `WaitingQueue.near_disputed`; made once, as every page of triage asks."""
    earlier = aliased(Item)
    return (
        select(Item.id)
        .join(Image, Image.id == Item.image_id)
        .join(earlier, earlier.image_id == Image.near_id)
        .where(
            AMONG,
            or_(
                earlier.state == ItemState.ESCALATED,
                _disagreement(earlier.id),
                _against_detector(earlier.id, earlier.verdict),
            ),
        )
    )


_NEAR_DISPUTED = _near_disputed()
