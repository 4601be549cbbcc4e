"""Figures of how each person's answers compare with the model's opinions and with known labels.

What counts is a person's first answer on an item, if it was blind: nothing had told them anything;
and not before it is final, taken back, or changed for good.
Extra answers are left out beside the model's opinions: on gold, people may change their mind for
the known label instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import Session, aliased

from storage.enums import ItemState, LabelValue
from storage.models import DecisionRow, Item, KnownLabel, Label
from storage.repositories.labels import CLEAR, is_final


@dataclass(frozen=True)
class AgainstModel:
    """One person's answers and the model's opinions, P(fake) from 1/2 on being fake."""

    user_id: int
    blind: int
    """First blind answers of real or fake on images that the model had an opinion of."""
    blind_agreed: int
    differed: int
    """First blind answers, of any value, that differed from the opinion shown after them."""
    switched_to_model: int
    """Those of ``differed`` in whose place the person now says what the model said."""
    concurred: int
    """First blind answers that said what the opinion shown after them said."""
    switched_from_model: int
    """Those of ``concurred`` in whose place the person now says another thing."""


@dataclass(frozen=True)
class Swayed:
    """One person's first blind answers that differed from the opinion shown after them, where the
    truth is known."""

    user_id: int
    could_be_helped: int
    """Those that were wrong, and the opinion was right."""
    helped: int
    """Those of ``could_be_helped`` in whose place the person now says what the model said."""
    could_be_misled: int
    """Those that were right, and the opinion was wrong."""
    misled: int
    """Those of ``could_be_misled`` in whose place the person now says what the model said."""


@dataclass(frozen=True)
class InSight:
    """One person's answers of real or fake in force that they gave having seen the opinion."""

    user_id: int
    answers: int
    agreed: int


@dataclass(frozen=True)
class OnKnown:
    """One person's first blind answers on images whose label is known."""

    user_id: int
    clear: int
    """Answers of real or fake."""
    right: int
    undecided: int
    """Answers of unsure or undecidable."""


class BlindAnswer(NamedTuple):
    """A person's first answer on an item, blind, of real or fake."""

    item_id: int
    user_id: int
    value: LabelValue
    known: LabelValue | None
    """The known label of the item, where it has one of real or fake."""


class Reviewers:
    """A read-only repository of how people answer; those without any such answer are left out."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def against_model(self, at: datetime) -> list[AgainstModel]:
        """What each person answered first and blind beside what the detector said, of answers that
        are final ``at`` that time."""
        now, agrees = _value_now(), Label.value == _LEANS
        n = func.count()
        query = (
            select(
                Label.user_id,
                n.filter(Label.value.in_(CLEAR)),
                n.filter(agrees),
                n.filter(Label.revealed, ~agrees),
                n.filter(Label.revealed, ~agrees, now == _LEANS),
                n.filter(Label.revealed, agrees),
                n.filter(Label.revealed, agrees, now != _LEANS),
            )
            .join(DecisionRow, DecisionRow.id == _decided())
            .where(*_FIRST_AND_BLIND, Label.extra.is_(False), is_final(Label.final_at, at))
            .group_by(Label.user_id)
        )
        return [AgainstModel(*row) for row in self._rows(query)]

    def swayed(self, at: datetime) -> list[Swayed]:
        """Whether opinions that differed from answers were followed where they were right, and
        where they were wrong, of answers that are final ``at`` that time."""
        told = (
            select(
                Label.user_id,
                Label.value.label("said"),
                _LEANS.label("leans"),
                _value_now().label("now"),
                _truth(at).label("truth"),
            )
            .join(DecisionRow, DecisionRow.id == _decided())
            .join(Item, Item.id == Label.item_id)
            .outerjoin(KnownLabel, _HAS_KNOWN)
            .where(*_FIRST_AND_BLIND, Label.extra.is_(False), is_final(Label.final_at, at))
            .where(Label.revealed, Label.value != _LEANS)
            .subquery()
        ).c
        helps = and_(told.leans == told.truth, told.said != told.truth)
        misleads, follows = told.said == told.truth, told.now == told.leans
        n = func.count()
        query = select(
            told.user_id,
            n.filter(helps),
            n.filter(helps, follows),
            n.filter(misleads),
            n.filter(misleads, follows),
        ).group_by(told.user_id)
        return [Swayed(*row) for row in self._rows(query)]

    def in_sight(self, at: datetime) -> list[InSight]:
        """What each person answered with the detector’s opinion in sight, of answers that are final
        ``at`` that time."""
        later = aliased(Label)
        superseded = select(later.id).where(later.supersedes_id == Label.id).exists()
        query = (
            select(Label.user_id, func.count(), func.count().filter(Label.value == _LEANS))
            .join(DecisionRow, DecisionRow.id == _decided())
            .where(
                Label.blind.is_(False),
                Label.extra.is_(False),
                Label.value.in_(CLEAR),
                ~superseded,
                is_final(Label.final_at, at),
            )
            .group_by(Label.user_id)
        )
        return [InSight(*row) for row in self._rows(query)]

    def on_known(self, at: datetime) -> list[OnKnown]:
        """What each person answered first and blind on images whose label is known, of answers that
        are final ``at`` that time."""
        clear = Label.value.in_(CLEAR)
        query = (
            select(
                Label.user_id,
                func.count().filter(clear),
                func.count().filter(Label.value == KnownLabel.value),
                func.count().filter(~clear),
            )
            .join(KnownLabel, KnownLabel.item_id == Label.item_id)
            .where(*_FIRST_AND_BLIND, KnownLabel.value.in_(CLEAR), is_final(Label.final_at, at))
            .group_by(Label.user_id)
        )
        return [OnKnown(*row) for row in self._rows(query)]

    def blind_answers(self, before: datetime, limit: int) -> list[BlindAnswer]:
        """The newest ``limit`` first blind answers of real or fake that were given, and were final,
        ``before`` a time."""
        query = (
            select(Label.item_id, Label.user_id, Label.value, KnownLabel.value)
            .outerjoin(KnownLabel, _HAS_KNOWN)
            .where(*_FIRST_AND_BLIND, Label.value.in_(CLEAR))
            .where(Label.labelled_at < before, is_final(Label.final_at, before))
            .order_by(Label.id.desc())
            .limit(limit)
        )
        return [BlindAnswer(*row) for row in self._rows(query)]

    def answer_times(self, since: datetime, limit: int) -> list[tuple[int, float | None]]:
        """Who gave the newest ``limit`` answers since a time, and in how many seconds, as far as it
        was measured."""
        query = (
            select(Label.user_id, Label.seconds)
            .where(Label.labelled_at >= since, Label.value.is_not(None))
            .order_by(Label.id.desc())
            .limit(limit)
        )
        return [(user, seconds) for user, seconds in self._rows(query)]

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Any]:
        return list(self._session.execute(query))


_HAS_KNOWN = and_(KnownLabel.item_id == Label.item_id, KnownLabel.value.in_(CLEAR))
_LEANS = case((DecisionRow.p_fake >= 0.5, LabelValue.FAKE.value), else_=LabelValue.REAL.value)


def _first_and_blind() -> tuple[ColumnElement[bool], ...]:
    earlier = aliased(Label)
    before = select(earlier.id).where(
        earlier.item_id == Label.item_id,
        earlier.user_id == Label.user_id,
        earlier.id < Label.id,
    )
    return Label.value.is_not(None), Label.blind.is_(True), ~before.exists()


_FIRST_AND_BLIND = _first_and_blind()


def _decided() -> ColumnElement[int]:
    """The decision whose opinion was shown: the newest one when the answer was given."""
    return (
        select(func.max(DecisionRow.id))
        .where(DecisionRow.item_id == Label.item_id, DecisionRow.decided_at <= Label.labelled_at)
        .correlate(Label)
        .scalar_subquery()
    )


def _truth(at: datetime) -> ColumnElement[LabelValue | None]:
    """What the item is known to be: by its known label, else by what somebody else decided on it as
    an adjudicator, who is shown no opinion; null where neither tells."""
    decides = aliased(Label)
    adjudicated = exists().where(
        decides.item_id == Label.item_id,
        decides.user_id != Label.user_id,
        decides.adjudicates,
        decides.value == Item.verdict,
    )
    settled = and_(
        Item.state == ItemState.RESOLVED,
        Item.verdict.in_(CLEAR),
        is_final(Item.final_at, at),
    )
    return func.coalesce(KnownLabel.value, case((and_(settled, adjudicated), Item.verdict)))


def _value_now() -> ColumnElement[LabelValue | None]:
    """What the author of a label says of its item now; null where they have withdrawn it."""
    newest, after = aliased(Label), aliased(Label)
    superseded = select(after.id).where(after.supersedes_id == newest.id).exists()
    return (
        select(newest.value)
        .where(and_(newest.item_id == Label.item_id, newest.user_id == Label.user_id), ~superseded)
        .order_by(newest.id.desc())
        .limit(1)
        .correlate(Label)
        .scalar_subquery()
    )
