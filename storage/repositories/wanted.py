"""The terms of a search over items, as conditions in SQL.

Each condition is asked of a span of ids, and what another table tells is asked of that span alone:
so a look costs what lies in its span, whatever is combined, and never a walk through a table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from storage.enums import ItemState, LabelValue, TriageFlag
from storage.models import Correction, DecisionRow, Disagreement, Image, Item, Label
from storage.repositories.corrections import newest_value
from storage.repositories.labels import IN_FORCE
from storage.states import WITH_PEOPLE


class Trait(StrEnum):
    """Something that sets an item apart."""

    RETRAIN = "retrain"
    """Its newest decision flags it for retraining."""
    SECOND_REVIEWER = "second_reviewer"
    """Its newest decision flags it for a second reviewer."""
    DISAGREEMENT = "disagreement"
    """The answers in force on it differ."""
    AGAINST_DETECTOR = "against_detector"
    """People's verdict is not what the newest decision leans to: one of them is wrong."""
    ASKED_ADMIN = "asked_admin"
    """Somebody who answered asked for an admin."""


class Between(NamedTuple):
    """A range of numbers, its ends included; None where it is open."""

    low: float | None = None
    high: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether everything lies in it."""
        return self.low is None and self.high is None


ANY = Between()


class Span(NamedTuple):
    """Ids from ``floor`` on and below ``top``."""

    floor: int
    top: int

    def holds(self, ids: InstrumentedAttribute[int]) -> ColumnElement[bool]:
        """Condition for what lies in it."""
        return and_(ids >= self.floor, ids < self.top)


@dataclass(frozen=True)
class Wanted:
    """The terms by which items are wanted; all that is given must fit."""

    text: str = ""
    """Part of the name or of a score file's path, in whatever case (ASCII)."""
    state: ItemState | None = None
    verdict: LabelValue | None = None
    """The verdict as it stands, corrections counted."""
    corrected: bool = False
    """Whether only those are wanted whose verdict was ever corrected."""
    source: str | None = None
    reviewer: int | None = None
    """The account of somebody whose answer on it is in force."""
    p_fake: Between = ANY
    """P(fake) at the newest decision."""
    std: Between = ANY
    """Its standard deviation."""
    since: datetime | None = None
    """The moment at which it was taken in, or after which."""
    until: datetime | None = None
    """The moment before which it was taken in."""
    alike: int | None = None
    """The `Item.duplicate_group` that it belongs to."""
    trait: Trait | None = None
    without: Collection[int] = ()
    """Items that are not to be found."""

    @property
    def tells(self) -> bool:
        """Whether it asks for what must not be told of an item that waits to be judged, not even
        by its being found: what detector or people say of it."""
        said = (self.verdict, self.reviewer, self.trait)
        asked = any(one is not None for one in said) or self.corrected
        return asked or not (self.p_fake.is_open and self.std.is_open)

    @property
    def is_dated(self) -> bool:
        """Whether it asks when items were taken in."""
        return self.since is not None or self.until is not None


def fitting(wanted: Wanted, span: Span) -> list[ColumnElement[bool]]:
    """Conditions, over `Item` and `Image`, for what is wanted of a span."""
    found = [span.holds(Item.id), *_of_item(wanted), *dated(wanted), *_of_others(wanted, span)]
    if wanted.tells:
        found.append(Item.state.not_in(WITH_PEOPLE))
    if wanted.without:
        found.append(Item.id.not_in(wanted.without))
    return found


def dated(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    """Conditions for when items were taken in."""
    if wanted.since is not None:
        yield Item.created_at >= wanted.since
    if wanted.until is not None:
        yield Item.created_at < wanted.until


def _of_item(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.text:
        named = Item.name.icontains(wanted.text, autoescape=True)
        yield or_(named, Image.path.icontains(wanted.text, autoescape=True))
    if wanted.state is not None:
        yield Item.state == wanted.state
    if wanted.source is not None:
        yield Item.source == wanted.source
    if wanted.verdict is not None:
        yield func.coalesce(newest_value(), Item.verdict) == wanted.verdict
    if wanted.alike is not None:
        # The first of a group does not name it.
        others = select(Item.id).where(Item.duplicate_group_id == wanted.alike)
        first = select(Item.id).where(Item.image_id == wanted.alike)
        yield Item.id.in_(others.union_all(first))


def _of_others(wanted: Wanted, span: Span) -> Iterator[ColumnElement[bool]]:
    """What other tables tell of items."""
    if wanted.corrected:
        yield Item.id.in_(_in(span, Correction.item_id))
    if wanted.reviewer is not None:
        of_person = Label.user_id == wanted.reviewer
        yield Item.id.in_(_in(span, Label.item_id).where(of_person, *IN_FORCE))
    if not (wanted.p_fake.is_open and wanted.std.is_open):
        scored = _within(DecisionRow.p_fake, wanted.p_fake)
        scored += _within(DecisionRow.std, wanted.std)
        yield Item.id.in_(_decided(span).where(*scored))
    if wanted.trait is not None:
        yield _TRAITS[wanted.trait](span)


def _in(span: Span, item_id: InstrumentedAttribute[int]) -> Select[int]:
    """The ids of items of a span that some table has."""
    return select(item_id).where(span.holds(item_id))


def _decided(span: Span) -> Select[int]:
    """The items of a span that were decided on, each under its newest decision."""
    later = aliased(DecisionRow)
    newer = select(later.id).where(later.item_id == DecisionRow.item_id, later.id > DecisionRow.id)
    return _in(span, DecisionRow.item_id).where(~newer.exists())


def _within(column: InstrumentedAttribute[float], between: Between) -> list[ColumnElement[bool]]:
    ends = []
    if between.low is not None:
        ends.append(column >= between.low)
    if between.high is not None:
        ends.append(column <= between.high)
    return ends


def _flagged(flag: TriageFlag) -> Any:
    return lambda span: Item.id.in_(_decided(span).where(DecisionRow.mark == flag))


def _against_detector(span: Span) -> ColumnElement[bool]:
    leans_fake = _decided(span).where(DecisionRow.p_fake >= 0.5)
    decides = Item.verdict.in_((LabelValue.REAL, LabelValue.FAKE))
    decided = Item.id.in_(_decided(span))
    return and_(decides, decided, (Item.verdict == LabelValue.FAKE) != Item.id.in_(leans_fake))


_TRAITS = {
    Trait.RETRAIN: _flagged(TriageFlag.RETRAIN),
    Trait.SECOND_REVIEWER: _flagged(TriageFlag.SECOND_REVIEWER),
    Trait.DISAGREEMENT: lambda span: Item.id.in_(_in(span, Disagreement.item_id)),
    Trait.AGAINST_DETECTOR: _against_detector,
    Trait.ASKED_ADMIN: lambda span: Item.id.in_(
        _in(span, Label.item_id).where(Label.escalation.is_not(None), *IN_FORCE)
    ),
}
