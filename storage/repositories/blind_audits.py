"""Blind audits and their verdicts, and the acceptances that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Exists,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue, Route
from storage.models import DecisionRow, Image, Item, Label
from storage.prepared import Prepared
from storage.repositories.alarms import DoubtfulSpan
from storage.repositories.bulk_bars import is_deleted
from storage.repositories.evidence import given_blind
from storage.repositories.labels import IN_FORCE, is_final
from storage.repositories.portions import portions


@dataclass(frozen=True)
class AuditRow:
    """An image that was drawn for an audit and that people have settled."""

    item_id: int
    proposal: Route | None
    """The acceptance that it would have had."""
    decided_at: datetime
    audit_probability: float
    policy_version: int
    verdict: LabelValue | None
    blind: bool
    """No answer in force was given after seeing the model's opinion."""
    group: str | None
    """The group that the policy found it in; None under one that knows none."""
    settled_at: datetime
    """The time since when nobody can take anything back any more."""


class OpenAudit(NamedTuple):
    """An audit that waits for a verdict, or whose verdict is not final yet."""

    item_id: int
    decision_id: int
    """The decision that drew it."""


@dataclass(frozen=True)
class Accepted:
    """An item that the policy accepted, with what its decision rested on."""

    item_id: int
    key: str
    """The key of the image."""
    checkpoint_id: str
    head: str
    audit_probability: float
    group: str | None
    """The group that the policy found it in."""


def _settled(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return and_(Item.state == ItemState.RESOLVED, is_final(Item.final_at, now))


def _is_newest() -> ColumnElement[bool]:
    later = aliased(DecisionRow)
    found = select(later.id).where(later.item_id == DecisionRow.item_id, later.id > DecisionRow.id)
    return ~found.exists()


def _settled_after(after: datetime) -> CompoundSelect[tuple[int]]:
    # By the time alone, in two ranges of which each has an index; by their state there are many.
    since = and_(Item.final_at.is_(None), Item.state_since > after)
    return union_all(
        select(Item.id).where(Item.final_at > after),
        select(Item.id).where(Item.state == ItemState.RESOLVED, since),
    )


def _counted() -> Exists:
    """Condition for an item with an answer in force that counts for its verdict."""
    found = select(Label.id).where(Label.item_id == Item.id, Label.extra.is_(False), *IN_FORCE)
    return found.exists()


def _drawn(versions: Sequence[int], proposal: Route | None) -> list[ColumnElement[bool]]:
    """Conditions for a decision that drew an audit, and is the newest on its item."""
    proposed = [] if proposal is None else [DecisionRow.proposal == proposal]
    drawn = [DecisionRow.policy_version.in_(versions), DecisionRow.audited.is_(True)]
    return [*drawn, *proposed, _NEWEST]


_NEWEST = _is_newest()
_FEW = 1000
"""Items that are looked at one by one sooner than by going through all audits."""
_SETTLED_AT = func.coalesce(Item.final_at, Item.state_since)
# Made once: what every answer asks for takes longer to put together than to run.
_NOW = bindparam("now", type_=Item.final_at.type)
_IS_SETTLED = Prepared(
    select(DecisionRow.audited & _settled(_NOW))
    .join(Item, Item.id == DecisionRow.item_id)
    .where(DecisionRow.item_id == bindparam("item"))
    .order_by(DecisionRow.id.desc())
    .limit(1)
)
_SETTLED_SINCE = Prepared(
    select(Item.id)
    .join(DecisionRow, DecisionRow.item_id == Item.id)
    .where(
        Item.final_at > bindparam("since", type_=Item.final_at.type),
        Item.final_at <= _NOW,
        Item.state == ItemState.RESOLVED,
        DecisionRow.audited.is_(True),
        _NEWEST,
    )
    .limit(1)
)


class Audits:
    """A read-only repository of blind audits. An item counts under its newest decision alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def settled(
        self,
        versions: Sequence[int],
        now: datetime,
        proposal: Route | None = None,
        after: datetime | None = None,
    ) -> list[AuditRow]:
        """Audits that these policy versions drew and that are settled at ``now``, in the order in
        which their verdicts became final; ``after``: of those that became so later alone.

        What is settled never changes, so the settled ones at one time come first at any later one.
        Without items that a known label settled: nobody looked at those blindly. ``proposal``: of
        those alone that would have been accepted so.
        """
        query = (
            select(
                Item.id,
                DecisionRow.proposal,
                DecisionRow.decided_at,
                DecisionRow.audit_probability,
                DecisionRow.policy_version,
                Item.verdict,
                given_blind(),
                DecisionRow.group_name,
                _SETTLED_AT,
            )
            .join(DecisionRow, DecisionRow.item_id == Item.id)
            .where(
                *_drawn(versions, proposal),
                _settled(now),
                _counted(),
                *([] if after is None else self._later(after)),
            )
            .order_by(_SETTLED_AT, Item.id)
        )
        return [AuditRow(*row) for row in self._session.execute(query)]

    def _later(self, after: datetime) -> list[ColumnElement[bool]]:
        """Conditions for an item that was settled ``after``: where these are few, which they are,
        so that nobody looks through all others."""
        found = self._session.scalars(_settled_after(after).limit(_FEW + 1)).all()
        few = [Item.id.in_(found)] if len(found) <= _FEW else []
        return [after < _SETTLED_AT, *few]

    def open(
        self, versions: Sequence[int], now: datetime, proposal: Route | None = None, after: int = 0
    ) -> list[OpenAudit]:
        """Audits that these policy versions drew and that are not settled at ``now``; ``proposal``
        as for `settled`, ``after``: of decisions above this id alone."""
        # What is audited goes to people: told so, the index is entered at the id.
        since = [DecisionRow.route == Route.REVIEW, DecisionRow.id > after]
        return self._open(versions, now, proposal, since)

    def still_open(
        self, before: Sequence[int], versions: Sequence[int], now: datetime, proposal: Route
    ) -> list[OpenAudit]:
        """Those of `open` that are on the items ``before``."""
        return [
            one
            for some in portions(before)
            for one in self._open(versions, now, proposal, [DecisionRow.item_id.in_(some)])
        ]

    def touched(self, since: datetime, after: int) -> set[int]:
        """Items that were settled, or are to be, after ``since``, and those decided on anew by
        decisions with ids above ``after``: no other audit that was open can be so no more."""
        decided = select(DecisionRow.item_id).where(DecisionRow.id > after)
        return {
            *self._session.scalars(_settled_after(since)),
            *self._session.scalars(decided),
        }

    def _open(
        self,
        versions: Sequence[int],
        now: datetime,
        proposal: Route | None,
        among: Sequence[ColumnElement[bool]],
    ) -> list[OpenAudit]:
        query = (
            select(DecisionRow.item_id, DecisionRow.id)
            .join(Item, Item.id == DecisionRow.item_id)
            .where(
                *_drawn(versions, proposal),
                *among,
                or_(
                    Item.state != ItemState.RESOLVED,
                    and_(not_(is_final(Item.final_at, now)), _counted()),
                ),
            )
        )
        return [OpenAudit(*row) for row in self._session.execute(query)]

    def newest_before(self, moment: datetime) -> int:
        """The id of the last decision that was made up to ``moment``, 0 without any: ids grow with
        the time, so that it is found by halves."""
        low, high = 0, self._session.scalar(select(func.max(DecisionRow.id))) or 0
        while low < high:
            middle = (low + high + 1) // 2
            query = select(DecisionRow.decided_at).where(DecisionRow.id >= middle)
            at = self._session.scalar(query.order_by(DecisionRow.id).limit(1))
            low, high = (middle, high) if at is not None and at <= moment else (low, middle - 1)
        return low

    def any_settled_since(self, since: datetime, now: datetime) -> bool:
        """Whether the verdict on an audit became final after ``since``, up to ``now``."""
        return _SETTLED_SINCE.value(self._session, since=since, now=now) is not None

    def is_settled(self, item_id: int, now: datetime) -> bool:
        """Whether the item was drawn for an audit and has a verdict that is final."""
        return bool(_IS_SETTLED.value(self._session, item=item_id, now=now))

    def accepted(
        self, versions: Sequence[int], route: Route, after: int = 0, to: int | None = None
    ) -> int:
        """How many decisions of these policy versions accepted by themselves as ``route``: those
        with ids above ``after``, and up to ``to``."""
        query = (
            select(func.count())
            .select_from(DecisionRow)
            .where(
                DecisionRow.policy_version.in_(versions),
                DecisionRow.audited.is_(False),
                DecisionRow.route == route,
                DecisionRow.id > after,
                *([] if to is None else [DecisionRow.id <= to]),
            )
        )
        return self._session.scalar(query) or 0

    def still_accepted(self, doubt: DoubtfulSpan, limit: int, after_id: int = 0) -> list[Accepted]:
        """Return up to ``limit`` items of those in doubt that still are accepted; by id, above
        ``after_id``."""
        of_group = [] if doubt.group is None else [DecisionRow.group_name == doubt.group]
        query = (
            select(
                Item.id,
                Image.key,
                DecisionRow.checkpoint_id,
                DecisionRow.head,
                DecisionRow.audit_probability,
                DecisionRow.group_name,
            )
            .join(Item, Item.id == DecisionRow.item_id)
            .join(Image, Image.id == Item.image_id)
            .where(
                DecisionRow.policy_version.in_(doubt.versions),
                DecisionRow.route == doubt.route,
                DecisionRow.decided_at >= doubt.since,
                *of_group,
                Item.id > after_id,
                Item.state == ItemState.AUTO_ACCEPTED,
                # Of what was deleted nobody could say anything.
                ~is_deleted(),
                _NEWEST,
            )
            .order_by(Item.id)
            .limit(limit)
        )
        return [Accepted(*row) for row in self._session.execute(query)]
