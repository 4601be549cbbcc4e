"""Why an action on many images leaves some of them out: the one place that says.

Each condition is named by what stands against an image. Of one that waits none tells what whoever
asks may not know: whether it is an audit (decided by the same policy, in the same run, it waits in
the same way), whether a label came with it, and who has answered on it or skipped it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Exists, and_, case, literal, not_, or_, select, true
from sqlalchemy.orm import aliased

from storage.enums import BulkKind, ItemState, PlacedBy
from storage.models import (
    ArchivedItem,
    Assignment,
    BulkAction,
    BulkChange,
    Claim,
    DecisionRow,
    Deletion,
    Item,
    ItemTag,
    KnownLabel,
    Label,
    Tombstone,
)
from storage.repositories.evidence import (
    chosen_by_policy,
    decides,
    has_known_label,
    holding,
    of_image,
    of_verdict,
)
from storage.states import WITH_PEOPLE


class BulkBar(StrEnum):
    """A reason why an action leaves an image out; of several the first counts."""

    DELETED = "deleted"
    """Its file was deleted, or is about to be."""
    ARCHIVED = "archived"
    NOT_TRIAGED = "not_triaged"
    """Nothing was decided on it: it is pending, or could not be scored."""
    WAITS = "waits"
    """People have yet to say what it is."""
    WAITS_NOT = "waits_not"
    """It does not wait for those whom the action is about."""
    SETTLED = "settled"
    """It has a verdict already, of people or by the label that it came with."""
    EVIDENCE = "evidence"
    """What people say of it may be evidence as long as chance alone has placed it; or, where the
    file is to go, its label is evidence, or may yet be."""
    ASSIGNED = "assigned"
    """It is kept for one person."""
    NOT_ASSIGNED = "not_assigned"
    HELD = "held"
    """Somebody has it before them."""
    ALREADY = "already"
    """It is as it is to be."""
    TAKEN = "taken"
    """Somebody was handed it since."""
    MOVED_ON = "moved_on"
    """It was moved again since."""
    DOUBTED = "doubted"
    """Auto-accept was closed since, or is open by another policy now."""


Bars = Mapping[BulkBar, ColumnElement[bool]]
MOVES = (
    BulkKind.REQUEUE,
    BulkKind.PRIORITISE,
    BulkKind.ASSIGN,
    BulkKind.UNASSIGN,
    BulkKind.ESCALATE,
    BulkKind.UNDO,
)
"""Actions that change where an image is, or before whom it comes."""


class BulkTerms(NamedTuple):
    """What an action is to do, as far as it decides which images it leaves out."""

    kind: BulkKind
    now: datetime
    person: int | None = None
    """The account that images are assigned to."""
    tag: str = ""
    of: int | None = None
    """The deletion whose files are to go."""


def bars(terms: BulkTerms) -> Bars:
    """What stands against an image, over `Item` joined with `Image`."""
    return _BARS[terms.kind](terms)


def bars_to_undo(kind: BulkKind, action: BulkAction, terms: BulkTerms, *, is_doubted: bool) -> Bars:
    """What stands against taking back what ``action`` did to an image. ``is_doubted``: what had
    been accepted can be accepted no longer."""
    gone = _buried() if kind is BulkKind.DELETE else is_deleted()
    found: dict[BulkBar, ColumnElement[bool]] = {BulkBar.DELETED: gone}
    if kind in MOVES:
        found[BulkBar.MOVED_ON] = _moved_since(action)
        found[BulkBar.TAKEN] = _taken_since(action.asked_at)
    if kind is BulkKind.REQUEUE and is_doubted:
        found = {BulkBar.DOUBTED: true(), **found}
    if kind is BulkKind.DELETE:
        found[BulkBar.ALREADY] = ~_deleted_by(action.id)
    return {**found, **_UNDO_BARS[kind](terms)}


def clear(found: Bars) -> ColumnElement[bool]:
    """Condition for an image that nothing stands against."""
    return not_(or_(*found.values())) if found else true()


def first_of(found: Bars) -> ColumnElement[str]:
    """The first thing that stands against an image; empty where nothing does."""
    whens = [(holds, bar.value) for bar, holds in found.items()]
    return case(*whens, else_="") if whens else literal("")


def _requeue(_: BulkTerms) -> Bars:
    return {
        BulkBar.DELETED: is_deleted(),
        BulkBar.ARCHIVED: _archived(),
        BulkBar.WAITS: Item.state.in_(WITH_PEOPLE),
        BulkBar.SETTLED: Item.state == ItemState.RESOLVED,
        BulkBar.NOT_TRIAGED: Item.state != ItemState.AUTO_ACCEPTED,
    }


def _prioritise(_: BulkTerms) -> Bars:
    return {
        BulkBar.WAITS_NOT: Item.state.not_in(WITH_PEOPLE),
        BulkBar.ASSIGNED: _assigned(),
        BulkBar.ALREADY: Item.placed_by == PlacedBy.HAND,
        BulkBar.EVIDENCE: _placed_by_chance(),
    }


def _assign(terms: BulkTerms) -> Bars:
    return {
        BulkBar.WAITS_NOT: Item.state != ItemState.IN_REVIEW,
        BulkBar.ALREADY: _assigned(Assignment.user_id == literal(terms.person)),
        BulkBar.HELD: _held(),
        BulkBar.EVIDENCE: _placed_by_chance(),
    }


def _unassign(_: BulkTerms) -> Bars:
    return {BulkBar.NOT_ASSIGNED: ~_assigned()}


def _escalate(_: BulkTerms) -> Bars:
    return {
        BulkBar.ALREADY: Item.state == ItemState.ESCALATED,
        BulkBar.WAITS_NOT: Item.state != ItemState.IN_REVIEW,
        BulkBar.ASSIGNED: _assigned(),
        BulkBar.HELD: _held(),
        BulkBar.EVIDENCE: _placed_by_chance(),
    }


def _archive(_: BulkTerms) -> Bars:
    return {
        BulkBar.ALREADY: _archived(),
        BulkBar.WAITS: Item.state.in_(WITH_PEOPLE),
        BulkBar.NOT_TRIAGED: Item.state == ItemState.PENDING,
    }


def _delete(terms: BulkTerms) -> Bars:
    return {BulkBar.DELETED: is_deleted(), **_needed(terms), BulkBar.HELD: _held()}


def _purge(terms: BulkTerms) -> Bars:
    return {BulkBar.MOVED_ON: ~_deleted_by(terms.of or 0), **_needed(terms)}


def _needed(terms: BulkTerms) -> Bars:
    """What a file is needed for still."""
    verdict_counts = and_(holding(of_verdict(terms.now)), ~has_known_label())
    known = select(KnownLabel.id).where(KnownLabel.item_id == Item.id, decides(KnownLabel.value))
    counts = and_(holding(of_image()), or_(known.exists(), verdict_counts))
    return {
        BulkBar.WAITS: Item.state.in_(WITH_PEOPLE),
        BulkBar.NOT_TRIAGED: Item.state == ItemState.PENDING,
        BulkBar.EVIDENCE: or_(_not_final(terms.now), _audited(), counts),
    }


_BARS: Mapping[BulkKind, Callable[[BulkTerms], Bars]] = {
    BulkKind.REQUEUE: _requeue,
    BulkKind.PRIORITISE: _prioritise,
    BulkKind.ASSIGN: _assign,
    BulkKind.UNASSIGN: _unassign,
    BulkKind.ESCALATE: _escalate,
    BulkKind.TAG: lambda terms: {BulkBar.ALREADY: _tagged(terms.tag)},
    BulkKind.UNTAG: lambda terms: {BulkBar.ALREADY: ~_tagged(terms.tag)},
    BulkKind.ARCHIVE: _archive,
    BulkKind.UNARCHIVE: lambda _: {BulkBar.ALREADY: ~_archived()},
    BulkKind.DELETE: _delete,
    BulkKind.PURGE: _purge,
}
_UNDO_BARS: Mapping[BulkKind, Callable[[BulkTerms], Bars]] = {
    BulkKind.REQUEUE: lambda _: {BulkBar.WAITS_NOT: Item.state != ItemState.IN_REVIEW},
    BulkKind.PRIORITISE: lambda _: {BulkBar.WAITS_NOT: Item.state.not_in(WITH_PEOPLE)},
    BulkKind.ASSIGN: lambda _: {BulkBar.NOT_ASSIGNED: ~_assigned()},
    BulkKind.UNASSIGN: lambda _: {BulkBar.WAITS_NOT: Item.state != ItemState.IN_REVIEW},
    BulkKind.ESCALATE: lambda _: {BulkBar.WAITS_NOT: Item.state != ItemState.ESCALATED},
    BulkKind.TAG: lambda terms: {BulkBar.ALREADY: ~_tagged(terms.tag)},
    BulkKind.UNTAG: lambda terms: {BulkBar.ALREADY: _tagged(terms.tag)},
    BulkKind.ARCHIVE: lambda _: {BulkBar.ALREADY: ~_archived()},
    BulkKind.UNARCHIVE: lambda _: {BulkBar.ALREADY: _archived()},
    BulkKind.DELETE: lambda _: {},
}
"""What else stands against an undo. Files that are gone are so for good."""
UNDOABLE = frozenset(_UNDO_BARS)
"""The actions that can be taken back."""


def _placed_by_chance() -> ColumnElement[bool]:
    """Condition for an item of which a verdict could count for a certificate: chance alone has
    placed it, so nobody else may. Whatever a certified policy decided on never counts; nor does one
    on an item whose label came with it, but whoever moves items must not find out which those are.
    """
    never = or_(Item.placed_by != PlacedBy.TIME, chosen_by_policy())
    return not_(never)


def is_deleted() -> ColumnElement[bool]:
    """Condition for an `Item` whose file is gone, or about to go."""
    return or_(_buried(), select(Deletion.item_id).where(Deletion.item_id == Item.id).exists())


def _buried() -> Exists:
    return select(Tombstone.item_id).where(Tombstone.item_id == Item.id).exists()


def _deleted_by(action: int) -> Exists:
    of_action = and_(Deletion.item_id == Item.id, Deletion.action_id == action)
    return select(Deletion.item_id).where(of_action).exists()


def _archived() -> Exists:
    return select(ArchivedItem.item_id).where(ArchivedItem.item_id == Item.id).exists()


def _assigned(*conditions: ColumnElement[bool]) -> Exists:
    found = select(Assignment.item_id).where(Assignment.item_id == Item.id, *conditions)
    return found.exists()


def _tagged(tag: str) -> Exists:
    return select(ItemTag.item_id).where(ItemTag.item_id == Item.id, ItemTag.tag == tag).exists()


def _held() -> Exists:
    return select(Claim.id).where(Claim.item_id == Item.id, Claim.ended_at.is_(None)).exists()


def _not_final(now: datetime) -> ColumnElement[bool]:
    return and_(Item.final_at.is_not(None), Item.final_at > now)


def _audited() -> Exists:
    audits = select(DecisionRow.id).where(DecisionRow.item_id == Item.id)
    return audits.where(DecisionRow.audited.is_(True)).exists()


def _taken_since(asked_at: datetime) -> ColumnElement[bool]:
    claims = select(Claim.id).where(Claim.item_id == Item.id, Claim.claimed_at >= asked_at)
    labels = select(Label.id).where(Label.item_id == Item.id, Label.labelled_at >= asked_at)
    return or_(claims.exists(), labels.exists())


def _moved_since(action: BulkAction) -> Exists:
    later, by = aliased(BulkChange), aliased(BulkAction)
    moved = select(later.id).join(by, by.id == later.action_id)
    since = and_(later.item_id == Item.id, later.action_id > action.id, by.kind.in_(MOVES))
    return moved.where(since).exists()
