"""The states that an item may go to from where it is, and by which event: `TRANSITIONS`.

`Items` is the one writer of an item's state, and asks `require` at every change. An event that
leaves an item where it is (an answer of several, one that comes late) is declared like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from storage.enums import AuditKind, ItemState
from storage.errors import TransitionError

_PENDING, _ACCEPTED, _FAILED = ItemState.PENDING, ItemState.AUTO_ACCEPTED, ItemState.FAILED
_REVIEW, _ESCALATED, _RESOLVED = ItemState.IN_REVIEW, ItemState.ESCALATED, ItemState.RESOLVED

TRANSITIONS: Mapping[ItemState | None, Mapping[AuditKind, tuple[ItemState, ...]]] = {
    None: {
        AuditKind.INGESTED: (_PENDING,),
        AuditKind.SCORES_INGESTED: (_PENDING,),
    },
    _PENDING: {
        # Resolved: by its known label, where a manifest sets it aside for calibration.
        AuditKind.TRIAGED: (_ACCEPTED, _REVIEW, _RESOLVED),
        AuditKind.FAILED: (_FAILED,),
    },
    _FAILED: {
        AuditKind.RETRIED: (_PENDING,),
    },
    _ACCEPTED: {
        AuditKind.REOPENED: (_REVIEW,),
        AuditKind.BULK_CHANGED: (_REVIEW,),
    },
    _REVIEW: {
        # Only what nobody has ever held: another policy may decide it without people.
        AuditKind.TRIAGED: (_ACCEPTED, _RESOLVED),
        AuditKind.LABELLED: (_REVIEW, _RESOLVED, _ESCALATED),
        AuditKind.CHANGED: (_REVIEW, _ESCALATED),
        AuditKind.UNDONE: (_REVIEW,),
        # Accepted: an admin takes back that it was sent to people, before anybody had it.
        AuditKind.BULK_CHANGED: (_ACCEPTED, _ESCALATED),
    },
    _ESCALATED: {
        # Resolved: by an adjudicator. An answer that was asked for before changes nothing.
        AuditKind.LABELLED: (_ESCALATED, _RESOLVED),
        AuditKind.CHANGED: (_REVIEW, _ESCALATED, _RESOLVED),
        # Resolved: a second look that differed is taken back, and the first answer stands.
        AuditKind.UNDONE: (_REVIEW, _ESCALATED, _RESOLVED),
        AuditKind.BULK_CHANGED: (_REVIEW,),
    },
    _RESOLVED: {
        # Late answers, and those on gold, are kept and decide nothing. Escalated: by a second look
        # that differs.
        AuditKind.LABELLED: (_ESCALATED, _RESOLVED),
        AuditKind.CHANGED: (_ESCALATED, _RESOLVED),
        AuditKind.UNDONE: (_REVIEW, _ESCALATED, _RESOLVED),
    },
}
"""What each event may lead to, by the state before; None where the item is new."""

WITH_PEOPLE = (ItemState.IN_REVIEW, ItemState.ESCALATED)
"""Reviewers or admins have yet to say what the item is; it has waited since it came to either."""


class Transition(NamedTuple):
    """One step that an item may take."""

    before: ItemState | None
    event: AuditKind
    after: ItemState


def declared() -> Iterator[Transition]:
    """Every step of `TRANSITIONS`, in its order."""
    for before, events in TRANSITIONS.items():
        for event, states in events.items():
            for after in states:
                yield Transition(before, event, after)


def require(before: ItemState | None, event: AuditKind, after: ItemState) -> None:
    """Raises `TransitionError` where no such step is declared."""
    if after not in TRANSITIONS.get(before, {}).get(event, ()):
        raise TransitionError(
            f"an item that is {before or 'new'} cannot become {after} by the event '{event}'; "
            "storage.states.TRANSITIONS declares what can"
        )
