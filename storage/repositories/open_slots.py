"""Open slots: which items a person may be handed next, before anything is leased."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, joinedload

from storage.enums import ClaimOutcome, ItemState
from storage.models import Claim, Image, Item, Label
from storage.repositories.labels import IN_FORCE
from storage.repositories.lease import Lease
from storage.repositories.queue import in_queue

# Made once: what every call asks for takes longer to put together than to run.
_LIVE = Claim.ended_at.is_(None)
_OF_USER = Claim.user_id == bindparam("user")
_COUNT_OPEN = select(func.count()).select_from(
    select(Item.id)
    .where(Item.state == bindparam("state"), Item.open_slots > 0)
    .limit(bindparam("at_most"))
    .subquery()
)


def _open(state: ItemState) -> Select[Item]:
    """Items in ``state`` with an open slot for the user, as `OpenSlots.find` says."""
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
    excluded = [passed] if state is ItemState.ESCALATED else [passed, answered]
    return select(Item).where(Item.state == state, Item.open_slots > 0, ~or_(*excluded))


def _leased(query: Select[Item]) -> Select[Item]:
    """``query``, to be leased: so many of them, with images."""
    return (
        query.limit(bindparam("n"))
        .options(joinedload(Item.image))
        .with_for_update(skip_locked=True, of=Item)
    )


@cache
def _free(state: ItemState, late: bool) -> Select[Item]:
    """What is `_open` in order; those ``late`` alone, or all."""
    free = _open(state)
    if late:
        overdue = Item.state_since < bindparam("before")
        free = free.where(overdue).order_by(Item.state_since, Item.id)
    else:
        free = in_queue(free, state)
    return _leased(free)


_SOME_ALIKE = select(Image.id).where(
    Image.id.in_(bindparam("keys", expanding=True)),
    # One of each is looked at, however many look alike.
    select(Item.id)
    .where(
        Item.duplicate_group_id == Image.id,
        Item.state == ItemState.IN_REVIEW,
        Item.open_slots > 0,
    )
    .exists(),
)
_ALIKE = _open(ItemState.IN_REVIEW).where(Item.duplicate_group_id == bindparam("key"))
_TAKE_ALIKE = _leased(_ALIKE)
_SEE_ALIKE = _ALIKE.with_only_columns(Item.id).limit(bindparam("n"))


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

        By rank; but those that have waited since before ``overdue_before`` first, oldest first.

        Never one that this user holds or has skipped, nor one they have answered: except that an
        adjudicator may decide what they answered as a reviewer, or a lone admin could never.
        """
        found: dict[int, Item] = {}
        asked: dict[str, Any] = {
            "user": user_id,
            "before": overdue_before,
            "n": limit,
            "rested": lease.rested,
        }
        for late in (True, False) if overdue_before is not None else (False,):
            if len(found) < limit:
                items: Sequence[Item] = self._session.scalars(_free(state, late), asked).all()
                found |= {item.id: item for item in items if item.id not in found}
        return list(found.values())[:limit]

    def find_near_duplicates(self, user_id: int, key: int, limit: int, lease: Lease) -> list[Item]:
        """Find items in review that look alike by ``key`` (`Item.duplicate_group`), as `find`, by
        id; but not the first of them, whose verdict may calibrate: no likeness may choose that."""
        asked = {"user": user_id, "key": key, "n": limit, "rested": lease.rested}
        found = self._session.scalars(_TAKE_ALIKE, asked).all()
        return sorted(found, key=lambda item: item.id)

    def count_near_duplicates(
        self, user_id: int, keys: Collection[int], at_most: int, lease: Lease
    ) -> dict[int, int]:
        """How many `find_near_duplicates` would find now, by key; keys without any are left out,
        and counting ends at ``at_most``."""
        connection = self._session.connection()
        some = set(connection.execute(_SOME_ALIKE, {"keys": list(keys)}).scalars())
        common = {"user": user_id, "n": at_most, "rested": lease.rested}
        return {
            key: len(connection.execute(_SEE_ALIKE, {**common, "key": key}).all())
            for key in keys
            if key in some
        }

    def count(self, state: ItemState, at_most: int) -> int:
        """How many items in ``state`` have an open slot; counting ends at ``at_most``."""
        asked = {"state": state, "at_most": at_most}
        return self._session.connection().scalar(_COUNT_OPEN, asked) or 0
