"""Claims: who holds which item, until when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session, joinedload

from storage.enums import ClaimOutcome, ItemState
from storage.models import Claim, Image, Item, Label
from storage.repositories.items import Items
from storage.repositories.labels import IN_FORCE
from storage.repositories.queue import in_queue

OVERDUE_RANK = -3.0
"""The rank of an item that was handed out for having waited too long: below every other."""

# Made once: what every call asks for takes longer to put together than to run.
_LIVE = Claim.ended_at.is_(None)
_OF_USER = Claim.user_id == bindparam("user")
_NEWEST_ON_ITEM = (
    select(Claim)
    .where(_OF_USER, Claim.item_id == bindparam("item"))
    .order_by(Claim.id.desc())
    .limit(1)
)
_NEWEST_WITH_ITEM = _NEWEST_ON_ITEM.join(Item, Item.id == Claim.item_id).add_columns(Item)
_END = (
    update(Claim)
    .where(Claim.id == bindparam("claim"))
    .values(ended_at=bindparam("at"), outcome=bindparam("how"))
)
_HELD_BY = (
    select(Claim, Item)
    .join(Item, Item.id == Claim.item_id)
    .where(_OF_USER, _LIVE)
    .order_by(Claim.id)
    .options(joinedload(Item.image))
)
_LIVE_ON = select(Claim).where(Claim.item_id == bindparam("item"), _LIVE).order_by(Claim.id)
_COUNT_OPEN = select(func.count()).select_from(
    select(Item.id)
    .where(Item.state == bindparam("state"), Item.open_slots > 0)
    .limit(bindparam("at_most"))
    .subquery()
)
_EXTEND = update(Claim).where(_OF_USER, _LIVE).values(expires_at=bindparam("until"))
_EXPIRE = (
    update(Claim)
    .where(_LIVE, Claim.expires_at <= bindparam("now"))
    .values(ended_at=bindparam("now"), outcome=ClaimOutcome.EXPIRED)
    .returning(Claim.item_id)
)
_LEASE = insert(Claim)
_ITEM = update(Item).where(Item.id == bindparam("item"))
_TAKE_SLOT = _ITEM.values(open_slots=Item.open_slots - 1)
_MARK_OVERDUE = _ITEM.values(rank=OVERDUE_RANK)


def _open(state: ItemState) -> Select[Item]:
    """Items in ``state`` with an open slot for the user, as `Claims.take` says."""
    passed = (
        select(Claim.id)
        .where(
            Claim.item_id == Item.id,
            _OF_USER,
            or_(_LIVE, Claim.outcome == ClaimOutcome.SKIPPED),
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
        Item.alike_id == Image.id,
        Item.state == ItemState.IN_REVIEW,
        Item.open_slots > 0,
    )
    .exists(),
)
_ALIKE = _open(ItemState.IN_REVIEW).where(Item.alike_id == bindparam("key"))
_TAKE_ALIKE = _leased(_ALIKE)
_SEE_ALIKE = _ALIKE.with_only_columns(Item.id).limit(bindparam("n"))


class Claims:
    """Leases on items. All of it runs under the write lock, so no two people get one slot."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._has_expired = False

    def take(
        self,
        user_id: int,
        state: ItemState,
        limit: int,
        now: datetime,
        expires_at: datetime,
        overdue_before: datetime | None = None,
    ) -> list[Item]:
        """Lease up to ``limit`` items in ``state`` that have an open slot, with images.

        By rank; but those that have waited since before ``overdue_before`` first, oldest first.

        Never one that this user holds or has skipped, nor one they have answered: except that an
        adjudicator may decide what they answered as a reviewer, or a lone admin could never.
        """
        taken: list[Item] = []
        asked: dict[str, Any] = {"user": user_id, "before": overdue_before}
        for late in (True, False) if overdue_before is not None else (False,):
            if len(taken) == limit:
                break
            asked["n"] = limit - len(taken)
            found = self._session.scalars(_free(state, late), asked).all()
            # Before the next look, which must not find the same again.
            self.lease([item.id for item in found], user_id, now, expires_at)
            self._take_slots(found, overdue_before)
            taken += found
        return taken

    def take_alike(
        self, user_id: int, key: int, limit: int, now: datetime, expires_at: datetime
    ) -> list[Item]:
        """As `take`, of items in review that look alike by ``key`` (`Item.alike_key`); but not the
        first of them, whose verdict may calibrate: no likeness may choose that."""
        asked = {"user": user_id, "key": key, "n": limit}
        found = self._session.scalars(_TAKE_ALIKE, asked).all()
        self.lease([item.id for item in found], user_id, now, expires_at)
        self._take_slots(found, None)
        return sorted(found, key=lambda item: item.id)

    def count_alike(self, user_id: int, keys: Collection[int], at_most: int) -> dict[int, int]:
        """How many `take_alike` would find now, by key; keys without any are left out, and counting
        ends at ``at_most``."""
        connection = self._session.connection()
        some = set(connection.execute(_SOME_ALIKE, {"keys": list(keys)}).scalars())
        asked = [{"user": user_id, "key": key, "n": at_most} for key in keys if key in some]
        return {a["key"]: len(connection.execute(_SEE_ALIKE, a).all()) for a in asked}

    def lease(
        self,
        item_ids: Sequence[int],
        user_id: int,
        now: datetime,
        expires_at: datetime,
        *,
        gold: bool = False,
    ) -> None:
        """Claims of the user on these items, whatever their slots; the caller counts those."""
        common = {"user_id": user_id, "claimed_at": now, "expires_at": expires_at, "gold": gold}
        if item_ids:
            rows = [{"item_id": item_id, **common} for item_id in item_ids]
            self._session.connection().execute(_LEASE, rows)

    def _take_slots(self, items: Sequence[Item], overdue_before: datetime | None) -> None:
        connection = self._session.connection()
        if items:
            connection.execute(_TAKE_SLOT, [{"item": item.id} for item in items])
        if overdue_before is not None:
            late = [{"item": item.id} for item in items if item.state_since < overdue_before]
            if late:
                connection.execute(_MARK_OVERDUE, late)
        for item in items:
            self._session.expire(item, ["open_slots", "rank"])

    def count_open(self, state: ItemState, at_most: int) -> int:
        """How many items in ``state`` have an open slot; counting ends at ``at_most``."""
        asked = {"state": state, "at_most": at_most}
        return self._session.connection().scalar(_COUNT_OPEN, asked) or 0

    def give(self, user_id: int, item_id: int, now: datetime, expires_at: datetime) -> Claim:
        """Lease this very item to the user, whatever its slots; a live claim of theirs is renewed.

        The caller recounts the item's slots.
        """
        claim = self.last_of(user_id, item_id)
        if claim is None or claim.ended_at is not None:
            gold = claim is not None and claim.gold
            claim = Claim(item_id=item_id, user_id=user_id, claimed_at=now, gold=gold)
            self._session.add(claim)
        claim.expires_at = expires_at
        self._session.flush()
        return claim

    def any_for(self, user_id: int, state: ItemState) -> bool:
        """Whether an item in ``state`` could be leased to the user now."""
        asked = {"user": user_id, "n": 1}
        return self._session.scalar(_free(state, late=False), asked) is not None

    def live_on(self, item_id: int) -> list[Claim]:
        """Everybody's live claims on the item, oldest first."""
        return list(self._session.scalars(_LIVE_ON, {"item": item_id}))

    def held_by(self, user_id: int) -> list[tuple[Claim, Item]]:
        """The user's live claims, oldest first, with items and images."""
        found = self._session.execute(_HELD_BY, {"user": user_id})
        return [(claim, item) for claim, item in found]

    def last_of(self, user_id: int, item_id: int) -> Claim | None:
        """The user's newest claim on the item, live or ended."""
        return self._session.scalar(_NEWEST_ON_ITEM, {"user": user_id, "item": item_id})

    def last_with_item(self, user_id: int, item_id: int) -> tuple[Claim, Item] | None:
        """The user's newest claim on the item, live or ended, and the item without its image."""
        asked = {"user": user_id, "item": item_id}
        row = self._session.execute(_NEWEST_WITH_ITEM, asked).first()
        return None if row is None else (row[0], row[1])

    def end(
        self, claim: Claim, outcome: ClaimOutcome, now: datetime, *, recount: bool = True
    ) -> None:
        """End a claim; one that ended keeps its time.

        Recounts the item's open slots, unless the caller will.
        """
        ended = {"claim": claim.id, "at": claim.ended_at or now, "how": outcome}
        self._session.connection().execute(_END, ended)
        if recount:
            Items(self._session).refresh_slots(claim.item_id)
        self._session.expire(claim)

    def expire(self, now: datetime) -> int:
        """End every claim whose lease has run out; how many there were. Once in a transaction,
        however many ask: it lasts for a moment.

        To be called before claims are read: it does not touch those that the session knows.
        """
        if self._has_expired:
            return 0
        self._has_expired = True
        found = self._session.connection().execute(_EXPIRE, {"now": now})
        item_ids: Sequence[int] = found.scalars().all()
        for item_id in item_ids:
            Items(self._session).refresh_slots(item_id)
        return len(item_ids)

    def extend(self, user_id: int, expires_at: datetime) -> int:
        """Renew the leases of all that the user holds; how many there were."""
        renewed = {"user": user_id, "until": expires_at}
        return self._session.connection().execute(_EXTEND, renewed).rowcount
