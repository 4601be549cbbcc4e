"""Second looks: settled images that are shown to somebody else by chance, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session, aliased

from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import AwaitedLook, Claim, Image, Item, Label, SecondLook
from storage.repositories.event_log import SYSTEM, AuditLog, Event
from storage.repositories.items import Items
from storage.repositories.labels import CLEAR, is_final
from storage.types import utc_now


class LookedAgain(NamedTuple):
    """An image that two people have answered, the second without knowing of the first."""

    probability: float
    """The probability with which it was drawn."""
    first_user: int
    first: LabelValue
    """Real or fake: it had settled the image."""
    second: LabelValue
    decided: LabelValue | None
    """What an adjudicator decided for good where the two differ; None until then."""


_first, _second, _after_first, _after_second = (aliased(Label) for _ in range(4))
_IN_FORCE = ~exists().where(_after_first.supersedes_id == _first.id)
"""Condition for the first answer: nothing has taken its place."""
_SECOND = (
    _second.item_id == SecondLook.item_id,
    _second.user_id != _first.user_id,
    _second.value.is_not(None),
    _second.extra.is_(False),
    _second.adjudicates.is_(False),
    ~exists().where(_after_second.supersedes_id == _second.id),
)
"""Conditions for somebody else's answer in force that counts."""
_USER: BindParameter[int] = bindparam("user")
_HELD = exists().where(
    Claim.item_id == AwaitedLook.item_id, Claim.ended_at.is_(None), Claim.user_id != _USER
)


# Somebody else may look, and nobody else does just now.
_OPEN = (AwaitedLook.user_id != _USER, ~_HELD)


def _is_of_others() -> ColumnElement[bool]:
    """Condition for some draw to be of somebody else's answer: told by the two ends of an index,
    where one person has answered all that waits."""
    ends = (select(end(AwaitedLook.user_id)).scalar_subquery() for end in (func.min, func.max))
    return or_(*(end != _USER for end in ends))


def _waiting() -> Select[int]:
    met = exists().where(Claim.item_id == Item.id, Claim.user_id == _USER)
    answered = exists().where(Label.item_id == Item.id, Label.user_id == _USER)
    return (
        select(AwaitedLook.item_id)
        .join(SecondLook, SecondLook.id == AwaitedLook.id)
        .join(_first, _first.id == SecondLook.label_id)
        .join(Item, Item.id == AwaitedLook.item_id)
        .join(Image, Image.id == Item.image_id)
        .where(
            _is_of_others(),
            *_OPEN,
            # As a case, or SQLite would begin with all that is settled instead of with the draws.
            case((Item.state == ItemState.RESOLVED, 1), else_=0) == 1,
            Item.verdict == _first.value,
            is_final(Item.final_at, bindparam("now", type_=Item.final_at.type)),
            Image.public_type.is_not(None),
            ~met,
            ~answered,
        )
        .order_by(AwaitedLook.id)
        .limit(bindparam("n"))
    )


# Made once: what every call asks for takes longer to put together than to run.
_WAITING = _waiting()
_AWAITS = select(AwaitedLook.id).where(AwaitedLook.item_id == bindparam("item"), *_OPEN)


class SecondLooks:
    """Append-only; the log tells of each draw, in the transaction that writes it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, item_id: int, label_id: int, probability: float) -> None:
        """Store that the item was drawn once the label had settled it."""
        now = utc_now()
        look = SecondLook(item_id=item_id, label_id=label_id, probability=probability, drawn_at=now)
        self._session.add(look)
        details = {"label": label_id, "probability": probability}
        AuditLog(self._session).add(
            Event(AuditKind.SECOND_LOOK, SYSTEM, item_id, details=details, at=now)
        )

    def waiting(self, user_id: int, limit: int, now: datetime) -> list[Item]:
        """Find up to ``limit`` drawn items for somebody who has neither held nor answered them, the
        oldest draws first, with images. The verdict is final, and nobody else looks at it now."""
        asked = {"user": user_id, "n": limit, "now": now}
        return Items(self._session).get_many(list(self._session.scalars(_WAITING, asked)))

    def awaits(self, item_id: int, user_id: int) -> bool:
        """Whether the item was drawn, and an answer of the user's would be the second one."""
        asked = {"item": item_id, "user": user_id}
        return self._session.connection().scalar(_AWAITS, asked) is not None

    def looked_again(self, before: datetime, limit: int) -> list[LookedAgain]:
        """The newest ``limit`` draws that were looked at, of answers that were given, and were
        final, ``before`` a time."""
        decided = (
            Item.state == ItemState.RESOLVED,
            is_final(Item.final_at, before),
            Item.state_since < before,
            Item.verdict.in_(CLEAR),
        )
        query = (
            select(
                SecondLook.probability,
                _first.user_id,
                _first.value,
                _second.value,
                case((and_(*decided), Item.verdict)),
            )
            .join(_first, _first.id == SecondLook.label_id)
            .join(_second, and_(*_SECOND))
            .join(Item, Item.id == SecondLook.item_id)
            .where(_IN_FORCE, _second.labelled_at < before, is_final(_second.final_at, before))
            .order_by(SecondLook.id.desc())
            .limit(limit)
        )
        return [LookedAgain(*row) for row in self._session.execute(query)]


def was_drawn() -> ColumnElement[bool]:
    """Condition for an `Item` that was drawn for a second look, whatever came of it."""
    drawn, later = aliased(SecondLook), aliased(Label)
    superseded = exists().where(later.supersedes_id == drawn.label_id)
    return exists().where(drawn.item_id == Item.id, ~superseded)
