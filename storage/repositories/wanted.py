"""The terms of a search over items, as conditions in SQL.

Each condition is asked of a span of ids, and what another table tells is asked of that span alone:
so a look costs what lies in its span, whatever is combined, and never a walk through a table.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from storage.enums import ACCEPTED_AS, ItemState, LabelValue, TriageFlag
from storage.models import (
    ArchivedItem,
    Assignment,
    ClaimedGenerator,
    Correction,
    DecisionRow,
    Disagreement,
    Image,
    Item,
    ItemTag,
    Label,
)
from storage.repositories.corrections import is_corrected
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
    MARKED = "marked"
    """Somebody who answered marked a place on it."""
    CLAIMED = "claimed"
    """Its file says that a generator made it."""


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
    accepted: bool = False
    """Whether what the policy accepted by itself has a verdict, too: that of its side."""
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
    tag: str | None = None
    """A tag that admins have put on it."""
    seen: str | None = None
    """A kind of manipulation that somebody who answered saw in it."""
    archived: bool | None = None
    """Whether it is archived; None: either."""
    assigned: int | None = None
    """The account of whom it is kept for."""
    generator: str | None = None
    """A generator that its file says it was made by."""
    only: Collection[int] | None = None
    """The items among which they are wanted; None: all."""
    without: Collection[int] = ()
    """Items that are not to be found."""

    @property
    def tells(self) -> bool:
        """Whether it asks for what must not be told of an item that waits to be judged, not even
        by its being found: what detector, people or its file say of it."""
        said = (self.verdict, self.reviewer, self.trait, self.seen, self.generator)
        asked = any(one is not None for one in said) or self.corrected
        return asked or not (self.p_fake.is_open and self.std.is_open)

    @property
    def is_dated(self) -> bool:
        """Whether it asks when items were taken in."""
        return self.since is not None or self.until is not None


Way = Sequence[ColumnElement[bool]]
"""Conditions, over `Item` and `Image`, of which all hold for an item that fits."""


def ways_to_fit(wanted: Wanted, span: Span, pathed: Span | None) -> list[Way]:
    """The ways in which items of a span are what is wanted; each fits in one of them at most.
    ``pathed``: the items among which all lie whose images have a path; None where there are none.

    They are asked for one by one, for each has an index of its own that gives ids in their order:
    joined by "or", all that has a verdict would be gathered before the first of it is told.
    """
    both = _fitting(wanted, span)
    if wanted.text:
        both.append(_named(wanted.text, pathed))
    if wanted.verdict is None:
        return [both]
    return [[*both, *way] for way in _with_verdict(wanted.verdict, wanted.accepted, span)]


class Leading(NamedTuple):
    """An index that gives the ids of items that may fit, in their order."""

    ids: SQLColumnExpression[int]
    also: Sequence[ColumnElement[bool]] = ()


def leading(wanted: Wanted) -> Leading | None:
    """The index by which all that may fit is found; None where there is none. What a correction has
    given a verdict is not found by that of verdicts: it lies in any span, and there is little."""
    if wanted.corrected:
        return Leading(Correction.item_id)
    if wanted.tag is not None:
        return Leading(ItemTag.item_id, [ItemTag.tag == wanted.tag])
    if wanted.assigned is not None:
        return Leading(Assignment.item_id, [Assignment.user_id == wanted.assigned])
    if wanted.generator is not None:
        claims = ClaimedGenerator
        return Leading(claims.item_id, [claims.generator == wanted.generator])
    if wanted.reviewer is not None:
        return Leading(Label.item_id, [Label.user_id == wanted.reviewer])
    return _leading_column(wanted)


def _leading_column(wanted: Wanted) -> Leading | None:
    if wanted.verdict is not None and not wanted.accepted:
        return Leading(Item.id, [Item.verdict == wanted.verdict])
    if wanted.state is not None:
        return Leading(Item.id, [Item.state == wanted.state])
    return None if wanted.source is None else Leading(Item.id, [Item.source == wanted.source])


def _fitting(wanted: Wanted, span: Span) -> list[ColumnElement[bool]]:
    found = [span.holds(Item.id), *_of_item(wanted), *dated(wanted), *_of_others(wanted, span)]
    if wanted.tells:
        found.append(Item.state.not_in(WITH_PEOPLE))
    if wanted.only is not None:
        found.append(Item.id.in_(wanted.only))
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
    if wanted.state is not None:
        yield Item.state == wanted.state
    if wanted.source is not None:
        yield Item.source == wanted.source
    if wanted.alike is not None:
        # The first of a group does not name it.
        others = select(Item.id).where(Item.duplicate_group_id == wanted.alike)
        first = select(Item.id).where(Item.image_id == wanted.alike)
        yield Item.id.in_(others.union_all(first))


def _named(text: str, pathed: Span | None) -> ColumnElement[bool]:
    """An item is asked for its own name alone, where that is enough: to look at each image, and to
    make small letters of each name, takes five times as long. SQLite's LIKE asks for no case."""
    named = Item.name.contains(text, autoescape=True)
    if pathed is None:
        return named
    path = select(Image.path).where(Image.id == Item.image_id).correlate(Item).scalar_subquery()
    return or_(named, and_(pathed.holds(Item.id), path.contains(text, autoescape=True)))


def _of_others(wanted: Wanted, span: Span) -> Iterator[ColumnElement[bool]]:
    """What other tables tell of items, and what an index tells sooner than each item."""
    if wanted.corrected:
        yield Item.id.in_(_in(span, Correction.item_id))
    if wanted.reviewer is not None:
        of_person = Label.user_id == wanted.reviewer
        yield Item.id.in_(_in(span, Label.item_id).where(of_person, *IN_FORCE))
    if not (wanted.p_fake.is_open and wanted.std.is_open):
        scored = _within(DecisionRow.p_fake, wanted.p_fake)
        scored += _within(DecisionRow.std, wanted.std)
        yield Item.id.in_(_decided(span).where(*scored))
    if wanted.seen is not None:
        # As JSON stores it: with its quotes, so that no part of another one fits.
        stored = json.dumps(wanted.seen)
        saw = func.instr(cast(Label.tags, Text), stored) > 0
        yield Item.id.in_(_in(span, Label.item_id).where(saw, *IN_FORCE))
    if wanted.generator is not None:
        yield _claimed(span, ClaimedGenerator.generator == wanted.generator)
    yield from _of_marks(wanted, span)
    if wanted.trait is not None:
        yield _TRAITS[wanted.trait](span)


def _with_verdict(verdict: LabelValue, accepted: bool, span: Span) -> Iterator[Way]:
    """The ways: by people, by the newest correction and, if ``accepted``, by the policy."""
    yield Item.verdict == verdict, ~is_corrected()
    yield (Item.id.in_(_corrected_to(verdict, span)),)
    routes = [route for route, value in ACCEPTED_AS.items() if value is verdict]
    if accepted and routes:
        by_policy = Item.id.in_(_decided(span).where(DecisionRow.route.in_(routes)))
        unlike = or_(Item.verdict.is_(None), Item.verdict != verdict)
        yield Item.state == ItemState.AUTO_ACCEPTED, unlike, ~is_corrected(), by_policy


def _claimed(span: Span, *also: ColumnElement[bool]) -> ColumnElement[bool]:
    return Item.id.in_(_in(span, ClaimedGenerator.item_id).where(*also))


def _of_marks(wanted: Wanted, span: Span) -> Iterator[ColumnElement[bool]]:
    """What admins have put on items."""
    if wanted.tag is not None:
        yield Item.id.in_(_in(span, ItemTag.item_id).where(ItemTag.tag == wanted.tag))
    if wanted.assigned is not None:
        kept = _in(span, Assignment.item_id).where(Assignment.user_id == wanted.assigned)
        yield Item.id.in_(kept)
    if wanted.archived is not None:
        # What is not archived, which is most, is asked one by one.
        own = select(ArchivedItem.item_id).where(ArchivedItem.item_id == Item.id)
        archived = Item.id.in_(_in(span, ArchivedItem.item_id))
        yield archived if wanted.archived else ~own.exists()


def _in(span: Span, item_id: InstrumentedAttribute[int]) -> Select[int]:
    """The ids of items of a span that some table has."""
    return select(item_id).where(span.holds(item_id))


def _corrected_to(verdict: LabelValue, span: Span) -> Select[int]:
    """The items of a span whose newest correction says ``verdict``."""
    later = aliased(Correction)
    newer = select(later.id).where(later.item_id == Correction.item_id, later.id > Correction.id)
    return _in(span, Correction.item_id).where(Correction.value == verdict, ~newer.exists())


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
    Trait.MARKED: lambda span: Item.id.in_(
        _in(span, Label.item_id).where(Label.regions.is_not(None), *IN_FORCE)
    ),
    Trait.CLAIMED: _claimed,
}
