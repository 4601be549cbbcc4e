"""Blind audits and their verdicts, and the acceptances that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue, Route
from storage.models import DecisionRow, Image, Item, Label
from storage.repositories.alarms import DoubtfulSpan
from storage.repositories.evidence import given_blind
from storage.repositories.labels import IN_FORCE, is_final


@dataclass(frozen=True)
class AuditRow:
    """An image that was drawn for an audit, with its verdict once there is one."""

    item_id: int
    proposal: Route | None
    """The acceptance that it would have had."""
    decided_at: datetime
    audit_probability: float
    policy_version: int
    settled: bool
    """People have settled it, and can take nothing back any more."""
    verdict: LabelValue | None
    blind: bool
    """No answer in force was given after seeing the model's opinion."""
    group: str | None
    """The group that the policy found it in; None under one that knows none."""


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


_NEWEST = _is_newest()
# Made once: what every answer asks for takes longer to put together than to run.
_NOW = bindparam("now", type_=Item.final_at.type)
_IS_SETTLED = (
    select(DecisionRow.audited & _settled(_NOW))
    .join(Item, Item.id == DecisionRow.item_id)
    .where(DecisionRow.item_id == bindparam("item"))
    .order_by(DecisionRow.id.desc())
    .limit(1)
)
_SETTLED_SINCE = (
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

    def of_versions(
        self, versions: Sequence[int], now: datetime, proposal: Route | None = None
    ) -> list[AuditRow]:
        """Audits that these policy versions drew: settled ones first, in the order in which their
        verdicts became final, then those still open at ``now``.

        What is settled never changes, so the settled ones at one time come first at any later one.
        Without items that a known label settled: nobody looked at those blindly. ``proposal``: of
        those alone that would have been accepted so.
        """
        proposed = () if proposal is None else (DecisionRow.proposal == proposal,)
        counted = select(Label.id).where(
            Label.item_id == Item.id, Label.extra.is_(False), *IN_FORCE
        )
        settled = _settled(now)
        query = (
            select(
                Item.id,
                DecisionRow.proposal,
                DecisionRow.decided_at,
                DecisionRow.audit_probability,
                DecisionRow.policy_version,
                settled,
                Item.verdict,
                given_blind(),
                DecisionRow.group_name,
            )
            .join(DecisionRow, DecisionRow.item_id == Item.id)
            .where(
                DecisionRow.policy_version.in_(versions),
                DecisionRow.audited.is_(True),
                *proposed,
                _NEWEST,
                or_(Item.state != ItemState.RESOLVED, counted.exists()),
            )
            .order_by(settled.desc(), func.coalesce(Item.final_at, Item.state_since), Item.id)
        )
        return [AuditRow(*row) for row in self._session.execute(query)]

    def any_settled_since(self, since: datetime, now: datetime) -> bool:
        """Whether the verdict on an audit became final after ``since``, up to ``now``."""
        asked = {"since": since, "now": now}
        return self._session.connection().scalar(_SETTLED_SINCE, asked) is not None

    def is_settled(self, item_id: int, now: datetime) -> bool:
        """Whether the item was drawn for an audit and has a verdict that is final."""
        asked = {"item": item_id, "now": now}
        return bool(self._session.connection().scalar(_IS_SETTLED, asked))

    def accepted(self, versions: Sequence[int], route: Route) -> int:
        """How many decisions of these policy versions accepted by themselves as ``route``."""
        query = (
            select(func.count())
            .select_from(DecisionRow)
            .where(
                DecisionRow.policy_version.in_(versions),
                DecisionRow.audited.is_(False),
                DecisionRow.route == route,
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
                _NEWEST,
            )
            .order_by(Item.id)
            .limit(limit)
        )
        return [Accepted(*row) for row in self._session.execute(query)]
