"""Open slots: which items a person may be handed next, before anything is leased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from storage.enums import ClaimOutcome, ItemState
from storage.models import Assignment, Claim, Image, Item, Label, QueuePlace
from storage.prepared import Prepared, each_of
from storage.repositories.items import Items
from storage.repositories.labels import IN_FORCE
from storage.repositories.lease import Lease
from storage.repositories.queue import KEPT, in_queue, kept_for

# Made once: what every call asks for takes longer to put together than to run.
_LIVE = Claim.ended_at.is_(None)
_OF_USER = Claim.user_id == bindparam("user")
_COUNT_OPEN = Prepared(
    select(func.count()).select_from(
        select(Item.id)
        .where(Item.state == bindparam("state"), Item.open_slots > 0)
        .limit(bindparam("at_most"))
        .subquery()
    )
)


def _open(state: ItemState) -> Select[int]:
    """The ids of items in ``state`` with an open slot for the user, as `OpenSlots.find` says."""
    passed = (
        select(Claim.id)
        .where(
            Claim.item_id == Item.id,
            _OF_USER,
            or_(
                _LIVE,
                Claim.outcome == ClaimOutcome.SKIPPED,
                and_(
                    Claim.outcome == ClaimOutcome.OUTWORN,
                    Claim.ended_at > bindparam("rested"),
                ),
            ),
        )
        .exists()
    )
    answered = (
        select(Label.id)
        .where(Label.item_id == Item.id, Label.user_id == bindparam("user"), *IN_FORCE)
        .exists()
    )
    kept = (
        select(Assignment.item_id)
        .where(Assignment.item_id == Item.id, Assignment.user_id != bindparam("user"))
        .exists()
    )
    excluded = [passed] if state is ItemState.ESCALATED else [passed, answered, kept]
    return select(Item.id).where(Item.state == state, Item.open_slots > 0, ~or_(*excluded))


def _first(query: Select[int]) -> Prepared:
    """``query``, of which so many are asked for."""
    return Prepared(query.limit(bindparam("n")))


@cache
def _free(state: ItemState, late: bool) -> Prepared:
    """What is `_open` in order; those ``late`` alone, or all."""
    free = _open(state)
    if late:
        overdue = Item.state_since < bindparam("before")
        free = free.where(overdue).order_by(Item.state_since, Item.id)
    else:
        free = in_queue(free, state)
        if state is ItemState.IN_REVIEW:
            free = free.where(QueuePlace.rank < KEPT)
    return _first(free)


_KEPT = _first(
    in_queue(_open(ItemState.IN_REVIEW), ItemState.IN_REVIEW).where(
        QueuePlace.rank >= bindparam("first"), QueuePlace.rank < bindparam("below")
    )
)


_SOME_ALIKE = Prepared(
    select(Image.id).where(
        Image.id.in_(each_of("keys")),
        # One of each is looked at, however many look alike.
        select(Item.id)
        .where(
            Item.duplicate_group_id == Image.id,
            Item.state == ItemState.IN_REVIEW,
            Item.open_slots > 0,
        )
        .exists(),
    )
)
_ALIKE = _first(_open(ItemState.IN_REVIEW).where(Item.duplicate_group_id == bindparam("key")))


class OpenSlots:
    """A repository of the items that wait for a person. To be asked under the write lock, after
    `Claims.expire`, in the transaction that leases what is found."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(
        self,
        user_id: int,
        state: ItemState,
        limit: int,
        lease: Lease,
        overdue_before: datetime | None = None,
    ) -> list[Item]:
        """Find up to ``limit`` items in ``state`` with an open slot for the user, with images; to
        be leased in the same transaction.

        What is kept for them comes first, and what is kept for others never. By rank; but those
        that have waited since before ``overdue_before`` before those, oldest first.

        Never one that this user holds or has skipped, nor one they have answered: except that an
        adjudicator may decide what they answered as a reviewer, or a lone admin could never.
        """
        found: list[int] = []
        asked: dict[str, Any] = {
            "user": user_id,
            "before": overdue_before,
            "n": limit,
            "rested": lease.rested,
        }
        if state is ItemState.IN_REVIEW:
            first, below = kept_for(user_id)
            found += self._ids(_KEPT, **asked, first=first, below=below)
        for late in (True, False) if overdue_before is not None else (False,):
            if len(found) < limit:
                found += [id_ for id_ in self._ids(_free(state, late), **asked) if id_ not in found]
        return self._items(found[:limit])

    def find_near_duplicates(self, user_id: int, key: int, limit: int, lease: Lease) -> list[Item]:
        """Find items in review that look alike by ``key`` (`Item.duplicate_group`), as `find`, by
        id; but not the first of them, whose verdict may calibrate: no likeness may choose that."""
        asked = {"user": user_id, "key": key, "n": limit, "rested": lease.rested}
        return self._items(sorted(self._ids(_ALIKE, **asked)))

    def count_near_duplicates(
        self, user_id: int, keys: Collection[int], at_most: int, lease: Lease
    ) -> dict[int, int]:
        """How many `find_near_duplicates` would find now, by key; keys without any are left out,
        and counting ends at ``at_most``."""
        some = set(self._ids(_SOME_ALIKE, keys=list(keys)))
        common = {"user": user_id, "n": at_most, "rested": lease.rested}
        return {key: len(self._ids(_ALIKE, **common, key=key)) for key in keys if key in some}

    def count(self, state: ItemState, at_most: int) -> int:
        """How many items in ``state`` have an open slot; counting ends at ``at_most``."""
        return _COUNT_OPEN.value(self._session, state=state, at_most=at_most) or 0

    def _ids(self, query: Prepared, **asked: Any) -> list[int]:
        return [row[0] for row in query.rows(self._session, **asked)]

    def _items(self, ids: Sequence[int]) -> list[Item]:
        """The items of ``ids``, in this order, with images."""
        if not ids:
            return []
        by_id = {item.id: item for item in Items(self._session).get_many(ids)}
        return [by_id[id_] for id_ in ids]
