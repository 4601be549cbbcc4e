"""Answers: stored, withdrawn, and turned into the item's state.

Every function here runs inside a writing transaction of the review desk.
"""

from __future__ import annotations

from datetime import datetime

from review_app.errors import ClaimLostError, ConflictError
from review_app.permissions import Permission, Person
from review_app.review.consensus import Settlement, settle
from review_app.review.tasks import Submission
from storage.enums import AuditKind, ClaimOutcome, ItemState
from storage.models import Claim, Item, Label
from storage.repositories import Repositories
from storage.repositories.audit import Event
from storage.repositories.items import Move


def same_answer(label: Label, person: Person, submission: Submission) -> Label:
    """``label``, if it is what ``submission`` says. Raises ``ConflictError`` otherwise."""
    sent = (person.id, submission.item_id, submission.value)
    if (label.user_id, label.item_id, label.value) != sent:
        raise ConflictError(
            f"answer {submission.client_id} is stored already with other content; "
            "reload the page and answer again"
        )
    return label


def answerable(repos: Repositories, person: Person, item_id: int) -> Claim:
    """The person's newest claim on the item, live or run out, that may still be answered.

    Raises ``ClaimLostError`` where there never was one, ``ConflictError`` where it was answered.
    """
    claim = repos.claims.last_of(person.id, item_id)
    if claim is None:
        raise ClaimLostError(f"item {item_id} was never handed to you; take the next one")
    if claim.outcome is ClaimOutcome.LABELLED:
        raise ConflictError(f"you have labelled item {item_id} already; undo that first")
    if claim.outcome is ClaimOutcome.SKIPPED:
        raise ConflictError(f"you have skipped item {item_id}; take the next one")
    return claim


def store(
    repos: Repositories,
    person: Person,
    submission: Submission,
    item: Item,
    reveals: bool,
    now: datetime,
) -> Label:
    """Append the answer. ``reveals``: its receipt will show the model's opinion."""
    adjudicates = item.state is ItemState.ESCALATED and person.may(Permission.ADJUDICATE)
    counts = item.state is ItemState.IN_REVIEW or adjudicates
    return repos.labels.add(
        Label(
            client_id=submission.client_id,
            item_id=item.id,
            user_id=person.id,
            value=submission.value,
            comment=submission.comment,
            blind=not repos.labels.has_seen_opinion(person.id, item.id),
            revealed=reveals,
            adjudicates=adjudicates,
            extra=not counts,
            seconds=submission.seconds,
            labelled_at=now,
        )
    )


def withdraw(
    repos: Repositories, person: Person, label: Label, client_id: str, now: datetime
) -> None:
    """Append the row that withdraws ``label``.

    Raises ``ConflictError`` where somebody else has decided the item as its adjudicator.
    """
    for other in repos.labels.in_force(label.item_id):
        if other.adjudicates and other.user_id != person.id:
            raise ConflictError("an admin has decided this item since; your answer stays on record")
    repos.labels.add(
        Label(
            client_id=client_id,
            item_id=label.item_id,
            user_id=person.id,
            value=None,
            supersedes_id=label.id,
            blind=False,
            seconds=None,
            labelled_at=now,
        )
    )


def record(repos: Repositories, person: Person, item: Item, kind: AuditKind, label: Label) -> None:
    """Log that ``label`` was stored or withdrawn; one that counts also settles the item."""
    details = {"label": label.id, "value": label.value}
    if label.extra:
        details["extra"] = True
        repos.audit.add(Event(kind, person.name, item.id, item.state, item.state, details))
    else:
        settlement = _settlement(repos.labels.in_force(item.id), item.needed_labels)
        details["verdict"] = settlement.verdict
        values = {"verdict": settlement.verdict}
        repos.items.move(person.name, [Move(item.id, settlement.state, kind, details, values)])
        repos.session.refresh(item, ["state", "verdict"])
    repos.items.refresh_slots(item.id)


def _settlement(labels: list[Label], needed: int) -> Settlement:
    """An adjudicator's answer decides, unsure too; without one, the reviewers' answers do."""
    counted = [label for label in labels if not label.extra and label.value is not None]
    decisions = [label.value for label in counted if label.adjudicates]
    if decisions:
        return Settlement(ItemState.RESOLVED, decisions[-1], None)
    return settle([label.value for label in counted if label.value is not None], needed)
