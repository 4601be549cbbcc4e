"""Claims: who holds which item, until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from storage.enums import ClaimOutcome, ItemState
from storage.models import Claim, Item, Label
from storage.repositories.items import Items
from storage.repositories.labels import IN_FORCE

OVERDUE_RANK = -3.0
"""The rank of an item that was handed out for having waited too long: below every other."""


class Claims:
    """Leases on items. All of it runs under the write lock, so no two people get one slot."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(
        self,
        user_id: int,
        state: ItemState,
        limit: int,
        now: datetime,
        expires_at: datetime,
        overdue_before: datetime | None = None,
    ) -> list[tuple[Claim, Item]]:
        """Lease up to ``limit`` items in ``state`` that have an open slot.

        By rank; but those that have waited since before ``overdue_before`` first, oldest first.

        Never one that this user holds or has skipped, nor one they have answered: except that an
        adjudicator may decide what they answered as a reviewer, or a lone admin could never.
        """
        free = (
            self._free(user_id, state)
            .options(joinedload(Item.image))
            .with_for_update(skip_locked=True, of=Item)
        )
        taken: list[tuple[Claim, Item]] = []

        def lease(query: Select[Item]) -> None:
            for item in self._session.scalars(query.limit(limit - len(taken))):
                claim = Claim(
                    item_id=item.id, user_id=user_id, claimed_at=now, expires_at=expires_at
                )
                self._session.add(claim)
                item.open_slots -= 1
                if overdue_before is not None and item.state_since < overdue_before:
                    item.rank = OVERDUE_RANK
                taken.append((claim, item))
            self._session.flush()

        if overdue_before is not None:
            late = free.where(Item.state_since < overdue_before)
            lease(late.order_by(Item.state_since, Item.id))
        if len(taken) < limit:
            lease(free.order_by(Item.rank, Item.id))
        return taken

    def count_open(self, state: ItemState, at_most: int) -> int:
        """How many items in ``state`` have an open slot; counting ends at ``at_most``."""
        found = select(Item.id).where(Item.state == state, Item.open_slots > 0).limit(at_most)
        query = select(func.count()).select_from(found.subquery())
        return self._session.scalar(query) or 0

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
        return self._session.scalar(self._free(user_id, state).limit(1)) is not None

    def live_on(self, item_id: int) -> list[Claim]:
        """Everybody's live claims on the item, oldest first."""
        query = select(Claim).where(Claim.item_id == item_id, Claim.ended_at.is_(None))
        return list(self._session.scalars(query.order_by(Claim.id)))

    def held_by(self, user_id: int) -> list[tuple[Claim, Item]]:
        """The user's live claims, oldest first, with items and images."""
        query = (
            select(Claim, Item)
            .join(Item, Item.id == Claim.item_id)
            .where(Claim.user_id == user_id, Claim.ended_at.is_(None))
            .order_by(Claim.id)
            .options(joinedload(Item.image))
        )
        return [(claim, item) for claim, item in self._session.execute(query)]

    def last_of(self, user_id: int, item_id: int) -> Claim | None:
        """The user's newest claim on the item, live or ended."""
        query = (
            select(Claim)
            .where(Claim.user_id == user_id, Claim.item_id == item_id)
            .order_by(Claim.id.desc())
            .limit(1)
        )
        return self._session.scalar(query)

    def end(
        self, claim: Claim, outcome: ClaimOutcome, now: datetime, *, recount: bool = True
    ) -> None:
        """End a claim; one that ended keeps its time.

        Recounts the item's open slots, unless the caller will.
        """
        claim.ended_at = claim.ended_at or now
        claim.outcome = outcome
        self._session.flush()
        if recount:
            Items(self._session).refresh_slots(claim.item_id)

    def expire(self, now: datetime) -> int:
        """End every claim whose lease has run out; how many there were."""
        query = (
            update(Claim)
            .where(Claim.ended_at.is_(None), Claim.expires_at <= now)
            .values(ended_at=now, outcome=ClaimOutcome.EXPIRED)
            .returning(Claim.item_id)
        )
        item_ids: Sequence[int] = self._session.scalars(query).all()
        for item_id in item_ids:
            Items(self._session).refresh_slots(item_id)
        return len(item_ids)

    def extend(self, user_id: int, expires_at: datetime) -> int:
        """Renew the leases of all that the user holds; how many there were."""
        query = (
            update(Claim)
            .where(Claim.user_id == user_id, Claim.ended_at.is_(None))
            .values(expires_at=expires_at)
            .returning(Claim.id)
        )
        return len(self._session.scalars(query).all())

    def _free(self, user_id: int, state: ItemState) -> Select[Item]:
        """Items in ``state`` with an open slot for this user, as `take` says."""
        passed = (
            select(Claim.id)
            .where(
                Claim.item_id == Item.id,
                Claim.user_id == user_id,
                or_(Claim.ended_at.is_(None), Claim.outcome == ClaimOutcome.SKIPPED),
            )
            .exists()
        )
        answered = (
            select(Label.id)
            .where(Label.item_id == Item.id, Label.user_id == user_id, *IN_FORCE)
            .exists()
        )
        excluded = [passed] if state is ItemState.ESCALATED else [passed, answered]
        return select(Item).where(Item.state == state, Item.open_slots > 0, ~or_(*excluded))
