"""Putting a verdict right that nobody can take back any more.

A correction changes what is shown and exported, and never what was read as evidence: certificates,
audits, the alarm, consensus and reviewers' figures stay as they are. Errors of verdicts are found
where somebody chose to look, so the corrected images are no random sample of anything; and whoever
could correct what a proof rests on could choose which proof survives. Evidence read before and
after a correction is therefore the same to the last bit. Whether the image was part of it is told
beside the correction, so that somebody who finds many errors there can act on it: suspend
auto-accept, and certify anew.

It stands until another correction, whatever becomes of the item: where an alarm sends an accepted
image to people afterwards, their verdict is evidence, and the correction is what is exported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from review_app.core.errors import ChangedSinceError, ConflictError, InputError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.records.record import Evidence, evidence_of, last_event
from storage.enums import AuditKind, ItemState, LabelValue, Route
from storage.models import Correction, DecisionRow, Item
from storage.repositories import Repositories
from storage.repositories.event_log import Event
from storage.states import WITH_PEOPLE

VALUES = (LabelValue.REAL, LabelValue.FAKE, LabelValue.UNDECIDABLE)
"""What an image can be corrected to: an admin who is unsure has nothing to put right."""
MAX_LETTERS = 1000
"""The most letters of a reason."""
_ACCEPTED = {Route.ACCEPT_REAL: LabelValue.REAL, Route.ACCEPT_FAKE: LabelValue.FAKE}


@dataclass(frozen=True)
class Proposal:
    """A correction that may be made."""

    item_id: int
    was: LabelValue
    value: LabelValue
    reason: str
    evidence: tuple[Evidence, ...]
    """What the present label has proven something about, and goes on to."""
    seen: int
    """`Record.last_event` of the item as it was then."""


def propose(
    repos: Repositories,
    item: Item,
    value: str | None,
    reason: str | None,
    now: datetime,
    seen: int | None = None,
) -> Proposal:
    """The correction of ``item`` to ``value``. ``seen``: the `Record.last_event` of the record that
    it was decided on.

    Raises:
        InputError: an unknown value, or no reason, or one that is too long.
        ConflictError: the item has no verdict that is final, or has this one already.
        ChangedSinceError: something has happened to the item since.
    """
    wanted = _value(value)
    reason = _reason(reason)
    was = _final_verdict(repos, item, now)
    _refuse_if_changed(repos, item, seen)
    if was is wanted:
        raise ConflictError(
            Text(
                "corrections.same",
                {"item": str(item.id), "value": Text(f"review.answer_{wanted}")},
            )
        )
    evidence = tuple(evidence_of(repos, item.id, now))
    return Proposal(item.id, was, wanted, reason, evidence, last_event(repos, item.id))


def store(repos: Repositories, person: Person, proposal: Proposal, now: datetime) -> None:
    """Append the correction, and record it."""
    repos.corrections.add(
        Correction(
            item_id=proposal.item_id,
            user_id=person.id,
            value=proposal.value,
            was=proposal.was,
            reason=proposal.reason,
            created_at=now,
        )
    )
    details = {
        "value": proposal.value,
        "was": proposal.was,
        "reason": proposal.reason,
        "evidence": list(proposal.evidence),
    }
    repos.audit.add(Event(AuditKind.CORRECTED, person.name, proposal.item_id, details=details))


def standing(
    item: Item, decision: DecisionRow | None, corrections: list[Correction]
) -> LabelValue | None:
    """What the image is held to be now: as corrected, else as people or the policy said."""
    if corrections:
        return corrections[-1].value
    if item.state is ItemState.AUTO_ACCEPTED and decision is not None:
        return _ACCEPTED.get(decision.route)
    return item.verdict


def _value(value: str | None) -> LabelValue:
    if value not in VALUES:
        raise InputError(Text("corrections.choose_value"))
    return LabelValue(value)


def _reason(reason: str | None) -> str:
    reason = (reason or "").strip()
    if not reason:
        raise InputError(Text("corrections.give_reason"))
    if len(reason) > MAX_LETTERS:
        raise InputError(Text("corrections.reason_too_long", {"n": MAX_LETTERS}))
    return reason


def _refuse_if_changed(repos: Repositories, item: Item, seen: int | None) -> None:
    events = repos.event_history.of_item(item.id)
    if seen is not None and events and events[-1].id != seen:
        last = events[-1]
        key = "corrections.changed_since"
        raise ChangedSinceError(last.actor, last.at, key=key, item=str(item.id))


def _final_verdict(repos: Repositories, item: Item, now: datetime) -> LabelValue:
    number = str(item.id)
    if item.state in WITH_PEOPLE:
        raise ConflictError(Text("corrections.waits", {"item": number}))
    if item.final_at is not None and item.final_at > now:
        until = f"{item.final_at:%Y-%m-%d %H:%M}"
        raise ConflictError(Text("corrections.not_final", {"item": number, "time": until}))
    given = [row for row, _ in repos.corrections.on(item.id)]
    was = standing(item, repos.decisions.of_item(item.id), given)
    if was is None:
        raise ConflictError(Text("corrections.no_verdict", {"item": number}))
    return was
