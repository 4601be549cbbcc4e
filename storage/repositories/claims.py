"""Claims: who holds which item, until when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, or_, select, text, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from storage.enums import ClaimOutcome, PlacedBy
from storage.models import Assignment, Claim, Image, Item
from storage.models.review import GIVEN_BACK, HANDLE_LETTERS, SKIPPED, new_handle
from storage.prepared import Prepared, given
from storage.prepared_entities import PreparedEntities
from storage.repositories.items import Items, with_image
from storage.repositories.lease import Handed, Lease, handed

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
_any, _newest = aliased(Claim), aliased(Claim)
_ITEM_OF_HANDLE = (
    select(_any.item_id)
    .where(_any.user_id == bindparam("user"), _any.handle == bindparam("handle"))
    .order_by(_any.id.desc())
    .limit(1)
)
_NEWEST_ID = (
    select(func.max(_newest.id))
    .where(
        _newest.user_id == bindparam("user"),
        _newest.item_id == _ITEM_OF_HANDLE.scalar_subquery(),
    )
    .scalar_subquery()
)
_NEWEST_WITH_ITEM = PreparedEntities(
    select(Claim, Item).join(Item, Item.id == Claim.item_id).where(Claim.id == _NEWEST_ID),
    *(Claim, Item),
)
_END = Prepared(
    update(Claim)
    .where(Claim.id == bindparam("claim"))
    .values(ended_at=bindparam("at"), outcome=bindparam("how"))
)
_ANY_HELD = Prepared(select(Claim.id).where(_OF_USER, _LIVE).limit(1))
_HELD_BY = PreparedEntities(
    select(Claim, Item, Image)
    .join(Item, Item.id == Claim.item_id)
    .join(Image, Image.id == Item.image_id)
    .where(_OF_USER, _LIVE)
    .order_by(Claim.id),
    *(Claim, Item, Image),
)
_LIVE_ON = select(Claim).where(Claim.item_id == bindparam("item"), _LIVE).order_by(Claim.id)
_EXTEND = Prepared(
    update(Claim)
    .where(_OF_USER, _LIVE, Claim.claimed_at >= bindparam("since"))
    .values(expires_at=bindparam("until"))
)
_OUTWEAR = Prepared(
    update(Claim).where(Claim.id == bindparam("claim")).values(outcome=ClaimOutcome.OUTWORN)
)
_later = aliased(Claim)
_BACK = (
    select(Claim, Item, Image)
    .join(Item, Item.id == Claim.item_id)
    .join(Image, Image.id == Item.image_id)
    .where(
        _OF_USER,
        text(GIVEN_BACK),
        or_(Claim.outcome != ClaimOutcome.OUTWORN, Claim.ended_at <= bindparam("rested")),
        # The number of before there were handles would tell what came back for ever.
        func.length(Claim.handle) == HANDLE_LETTERS,
        # What is kept for somebody else since is theirs.
        ~select(Assignment.item_id)
        .where(Assignment.item_id == Claim.item_id, Assignment.user_id != Claim.user_id)
        .exists(),
        ~select(_later.id)
        .where(
            _later.item_id == Claim.item_id,
            _later.user_id == Claim.user_id,
            _later.id > Claim.id,
        )
        .exists(),
    )
)
_ANY_BACK = Prepared(_BACK.with_only_columns(Claim.id).limit(1))
_CAME_BACK = PreparedEntities(
    _BACK.order_by(Claim.ended_at.desc()).limit(bindparam("n")), *(Claim, Item, Image)
)
_RESUME = Prepared(
    update(Claim)
    .where(Claim.id == bindparam("claim"))
    .values(
        ended_at=None,
        outcome=None,
        claimed_at=bindparam("at"),
        expires_at=bindparam("until"),
    )
)
_COUNT_SKIPS = (
    select(func.count(), func.min(Claim.ended_at))
    .select_from(Claim)
    .where(_OF_USER, text(SKIPPED), Claim.ended_at > bindparam("since"))
)
_EXPIRE = Prepared(
    update(Claim)
    .where(_LIVE, Claim.expires_at <= bindparam("now"))
    .values(ended_at=bindparam("now"), outcome=ClaimOutcome.EXPIRED)
    .returning(Claim.id, Claim.item_id, Claim.claimed_at, Claim.expires_at)
)
_LEASE = Prepared(
    insert(Claim)
    .values(given("item_id", "user_id", "handle", "claimed_at", "expires_at", "gold"))
    .returning(Claim.id)
)
_ITEM = update(Item).where(Item.id == bindparam("item"))
_TAKE_SLOT = Prepared(_ITEM.values(open_slots=Item.open_slots - bindparam("slots")))
_MARK_OVERDUE = Prepared(_ITEM.values(rank=OVERDUE_RANK, placed_by=PlacedBy.DEADLINE))


@dataclass(frozen=True)
class Skips:
    """The skips of one person, in some time."""

    n: int
    first: datetime | None


class Claims:
    """Leases on items. All of it runs under the write lock, so no two people get one slot."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._has_expired = False

    def lease(
        self,
        items: Sequence[Item],
        user_id: int,
        lease: Lease,
        gold: Collection[int] = (),
        overdue_before: datetime | None = None,
    ) -> list[Handed]:
        """Claims of the user on ``items``, in this order. What is ``gold`` (ids) takes no slot;
        what has waited since before ``overdue_before`` is marked as handed out for that."""
        leased = [self._lease(item, user_id, lease, gold=item.id in gold) for item in items]
        self._take_slots(items, gold, overdue_before)
        return leased

    def _lease(self, item: Item, user_id: int, lease: Lease, *, gold: bool) -> Handed:
        handle = new_handle()
        claim_id: int = _LEASE.value(
            self._session,
            item_id=item.id,
            user_id=user_id,
            handle=handle,
            claimed_at=lease.now,
            expires_at=lease.expires_at,
            gold=gold,
        )
        return Handed(claim_id, handle, lease.expires_at, item)

    def _take_slots(
        self, items: Sequence[Item], gold: Collection[int], overdue_before: datetime | None
    ) -> None:
        for item in items:
            takes = item.id not in gold
            _TAKE_SLOT.run(self._session, item=item.id, slots=int(takes))
            if takes and overdue_before is not None and item.state_since < overdue_before:
                _MARK_OVERDUE.run(self._session, item=item.id)
            self._session.expire(item, ["open_slots", "rank", "placed_by"])

    def came_back(self, user_id: int, at_most: int, lease: Lease) -> list[tuple[Claim, Item]]:
        """The user's claims that ended unanswered and without a skip, the newest ``at_most`` of
        them by their ends, oldest claims first; with items and images."""
        # Most people have never given anything back: a bare id says so soonest.
        if _ANY_BACK.value(self._session, user=user_id, rested=lease.rested) is None:
            return []
        found = _CAME_BACK.rows(self._session, user=user_id, n=at_most, rested=lease.rested)
        pairs = [(claim, with_image(item, image)) for claim, item, image in found]
        return sorted(pairs, key=lambda pair: pair[0].id)

    def resume(self, pairs: Sequence[tuple[Claim, Item]], lease: Lease) -> list[Handed]:
        """Claims that ended go on, each under its handle."""
        gold = {item.id for claim, item in pairs if claim.gold}
        for claim, _ in pairs:
            _RESUME.run(self._session, claim=claim.id, at=lease.now, until=lease.expires_at)
            self._session.expire(claim)
        self._take_slots([item for _, item in pairs], gold, None)
        return [handed(claim, item) for claim, item in pairs]

    def give(self, user_id: int, item_id: int, now: datetime, expires_at: datetime) -> Claim:
        """Lease this very item to the user, whatever its slots; their newest claim goes on, under
        its handle.

        The caller recounts the item's slots.
        """
        claim = self.last_of(user_id, item_id)
        if claim is None:
            claim = Claim(item_id=item_id, user_id=user_id, claimed_at=now)
            self._session.add(claim)
        elif claim.ended_at is not None:
            claim.ended_at = claim.outcome = None
            claim.claimed_at = now
        claim.expires_at = expires_at
        self._session.flush()
        return claim

    def live_on(self, item_id: int) -> list[Claim]:
        """Everybody's live claims on the item, oldest first."""
        return list(self._session.scalars(_LIVE_ON, {"item": item_id}))

    def held_by(self, user_id: int) -> list[tuple[Claim, Item]]:
        """The user's live claims, oldest first, with items and images."""
        if _ANY_HELD.value(self._session, user=user_id) is None:
            return []
        found = _HELD_BY.rows(self._session, user=user_id)
        return [(claim, with_image(item, image)) for claim, item, image in found]

    def last_of(self, user_id: int, item_id: int) -> Claim | None:
        """The user's newest claim on the item, live or ended."""
        return self._session.scalar(_NEWEST_ON_ITEM, {"user": user_id, "item": item_id})

    def known_as(self, user_id: int, handle: str) -> tuple[Claim, Item] | None:
        """The user's newest claim, live or ended, on the item that was handed to them as
        ``handle``; and the item, without its image."""
        found = _NEWEST_WITH_ITEM.row(self._session, user=user_id, handle=handle)
        return None if found is None else (found[0], found[1])

    def items_known_as(self, handle: str) -> list[int]:
        """The items that anybody was handed as ``handle``; one, but for claims that had none."""
        query = select(Claim.item_id).where(Claim.handle == handle).distinct()
        return list(self._session.scalars(query))

    def items_of(self, user_id: int, since: datetime) -> set[int]:
        """The items that the user holds, or has held since ``since``."""
        query = select(Claim.item_id).where(
            Claim.user_id == user_id, or_(_LIVE, Claim.ended_at >= since)
        )
        return set(self._session.scalars(query))

    def skips_since(self, user_id: int, since: datetime) -> Skips:
        """How many items the user has skipped since ``since``, and when the first of them."""
        asked = {"user": user_id, "since": since}
        n, first = self._session.execute(_COUNT_SKIPS, asked).one()
        return Skips(n, first)

    def end(
        self, claim: Claim, outcome: ClaimOutcome, now: datetime, *, recount: bool = True
    ) -> None:
        """End a claim; one that ended keeps its time.

        Recounts the item's open slots, unless the caller will.
        """
        _END.run(self._session, claim=claim.id, at=claim.ended_at or now, how=outcome)
        if recount:
            Items(self._session).refresh_slots(claim.item_id)
        self._session.expire(claim)

    def release(self, user_id: int, now: datetime, keep: Collection[str] = ()) -> int:
        """The user gives back all that they hold but what they know by the handles to ``keep``; how
        many there were."""
        given_back = [claim for claim, _ in self.held_by(user_id) if claim.handle not in keep]
        for claim in given_back:
            self.end(claim, ClaimOutcome.RELEASED, now)
        return len(given_back)

    def expire(self, lease: Lease) -> int:
        """End every claim whose lease has run out by now; how many there were. Once in a
        transaction, however many ask: it lasts for a moment.

        To be called before claims are read: it does not touch those that the session knows.
        """
        if self._has_expired:
            return 0
        self._has_expired = True
        found = _EXPIRE.rows(self._session, now=lease.now)
        for claim_id, item_id, claimed_at, expires_at in found:
            if lease.has_worn_out(claimed_at, expires_at):
                _OUTWEAR.run(self._session, claim=claim_id)
            Items(self._session).refresh_slots(item_id)
        return len(found)

    def extend(self, user_id: int, lease: Lease) -> int:
        """Renew the leases of all that the user holds and may go on holding; how many."""
        renewed = {"user": user_id, "until": lease.expires_at, "since": lease.since}
        n = _EXTEND.run(self._session, **renewed)
        known = [one for one in self._session.identity_map.values() if isinstance(one, Claim)]
        for claim in known:  # as it was stored, without reading each again
            ours = claim.user_id == user_id and claim.ended_at is None
            if ours and claim.claimed_at >= lease.since:
                set_committed_value(claim, "expires_at", lease.expires_at)
        return n
