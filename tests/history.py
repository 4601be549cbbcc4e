"""What the log tells of items: the decisions that the policy moved them by, and the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.enums import AuditKind, ItemState
from storage.models import AuditEvent, DecisionRow
from storage.repositories import Repositories

TRIAGE = (AuditKind.TRIAGED, AuditKind.REOPENED)


@dataclass(frozen=True)
class Step:
    """Something that happened to an item."""

    at: datetime
    kind: str
    before: ItemState | None
    """None also where a decision does not say: the state that the item was in."""
    after: ItemState | None


def histories(repos: Repositories) -> Mapping[int, list[Step]]:
    """The steps of every item, in order.

    A decision moves its item by its route, unless an event about the item tells what came of it.
    """
    about = select(AuditEvent).where(AuditEvent.item_id.is_not(None)).order_by(AuditEvent.id)
    events = list(repos.session.scalars(about))
    told = {(e.item_id, e.details.get("policy_version")) for e in events if e.kind in TRIAGE}
    found: dict[int, list[Step]] = {}
    for event in events:
        step = Step(event.at, event.kind, event.from_state, event.to_state)
        found.setdefault(event.item_id or 0, []).append(step)
    for decision in repos.session.scalars(select(DecisionRow).order_by(DecisionRow.id)):
        if (decision.item_id, decision.policy_version) not in told:
            waits = decision.route == "review"
            state = ItemState.IN_REVIEW if waits else ItemState.AUTO_ACCEPTED
            found[decision.item_id].append(Step(decision.decided_at, "decided", None, state))
    return {item_id: sorted(steps, key=lambda s: s.at) for item_id, steps in found.items()}


def last_states(repos: Repositories) -> Mapping[int, ItemState | None]:
    """The state in which each item's history ends; every step must begin where the last one did."""
    states: dict[int, ItemState | None] = {}
    for item_id, steps in histories(repos).items():
        state: ItemState | None = None
        for step in steps:
            assert step.kind == "decided" or step.after is None or step.before == state, item_id
            state = step.after or state
        states[item_id] = state
    return states
