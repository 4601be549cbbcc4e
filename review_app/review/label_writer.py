"""Answers are stored, withdrawn, and turned into the item's state here.

Every function here runs inside a writing transaction of the review service.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from review_app.core.errors import ClaimLostError, ConflictError
from review_app.core.permissions import Permission, Person
from review_app.i18n import Text
from review_app.policy.review_options import Reveal, read_options
from review_app.policy.undo_window import end_of_window, require_open, verdict_final_at
from review_app.review.blindness import is_blind
from review_app.review.consensus import Settlement, settle
from review_app.review.tasks import AnswerFields, AnswerInput
from review_app.review.weights import Weighing, weighing_of
from storage.enums import AuditKind, ClaimOutcome, ItemState
from storage.models import Claim, Item, Label
from storage.repositories import Repositories

MAX_ROWS = 40
"""Answers, changes and withdrawals of one person on one item; then their answer stays."""


def same_answer(
    repos: Repositories, label: Label, person: Person, submission: AnswerInput
) -> Label:
    """``label``, if it is what ``submission`` says. Raises ``ConflictError`` otherwise."""
    known = repos.claims.known_as(person.id, submission.item_id)
    item_id = None if known is None else known[1].id
    sent = (person.id, item_id, submission.value)
    if (label.user_id, label.item_id, label.value) != sent:
        raise ConflictError(Text("refusals.other_content"))
    return label


def answerable(repos: Repositories, person: Person, handle: str) -> tuple[Claim, Item]:
    """The person's newest claim on the item that they know by ``handle``, live or ended, that may
    still be answered; and the item, without its image.

    Raises ``ClaimLostError`` where there never was one, ``ConflictError`` where it was answered.
    """
    found = repos.claims.known_as(person.id, handle)
    if found is None:
        raise ClaimLostError(Text("refusals.never_handed"))
    claim, _ = found
    if claim.outcome is ClaimOutcome.LABELLED:
        raise ConflictError(Text("refusals.labelled_already"))
    if claim.outcome is ClaimOutcome.SKIPPED:
        raise ConflictError(Text("refusals.skipped_already"))
    return found


def store(
    repos: Repositories,
    person: Person,
    submission: AnswerInput,
    claim: Claim,
    item: Item,
    reveals: bool,
    now: datetime,
) -> Label:
    """Append the answer. ``reveals``: its receipt will show the model's opinion.

    Where one reviewer has escalated the item, those who were asked with them still count. An
    adjudicator who escalates decides nothing. What was given back, by a lease that ran out too,
    counts only while there is room for it: not while others hold the item. A second look counts
    while nobody else has looked, or looks now.
    """
    escalated = item.state is ItemState.ESCALATED
    looks_again = claim.gold and repos.second_looks.awaits(item.id, person.id)
    decides = person.may(Permission.ADJUDICATE) and submission.escalation is None
    adjudicates = escalated and decides
    counts = item.state is ItemState.IN_REVIEW or adjudicates or looks_again
    if escalated and not adjudicates:
        counts = len(counted(repos, item.id)) < item.needed_labels
    if claim.ended_at is not None and item.open_slots <= 0 and not looks_again:
        counts = adjudicates = False
    return repos.labels.add(
        Label(
            **said(submission),
            client_id=submission.client_id,
            item_id=item.id,
            user_id=person.id,
            blind=is_blind(repos, person.id, item.id, item.image_id),
            revealed=reveals,
            adjudicates=adjudicates,
            extra=not counts,
            seconds=submission.seconds,
            bulk_size=submission.together,
            labelled_at=now,
            final_at=end_of_window(read_options(repos).undo_minutes, now),
        )
    )


def item_of(repos: Repositories, item_id: int) -> Item:
    """The item that a claim or a label refers to."""
    item = repos.items.get(item_id)
    assert item is not None
    return item


def reveals(repos: Repositories, item: Item) -> bool:
    """Whether an answer given now is shown the model's opinion, there being one."""
    if read_options(repos).reveal is Reveal.NEVER:
        return False
    return repos.decisions.any_of(item.id)


def call_off_adjudication(
    repos: Repositories, item: Item, now: datetime, but: Claim | None = None
) -> None:
    """The item is no longer the admins': whoever was about to decide it lets go; ``but`` stays."""
    for claim in repos.claims.live_on(item.id):
        if but is None or claim.id != but.id:
            repos.claims.end(claim, ClaimOutcome.RELEASED, now)


def said(answer: AnswerFields) -> dict[str, Any]:
    """The columns of a label that hold what ``answer`` says."""
    return {
        "value": answer.value,
        "comment": answer.comment,
        "escalation": answer.escalation,
        "tags": list(answer.tags) or None,
        "regions": [region.model_dump(mode="json") for region in answer.regions] or None,
    }


def counted(repos: Repositories, item_id: int) -> list[Label]:
    """The item's labels in force that count, oldest first."""
    return [label for label in repos.labels.in_force(item_id) if not label.extra]


def withdraw(
    repos: Repositories, person: Person, label: Label, client_id: str, now: datetime
) -> None:
    """Append the row that withdraws ``label``.

    Raises ``ConflictError`` where it is final, where somebody else has decided the item as its
    adjudicator, or where its author has changed their mind too often.
    """
    require_open(label, now)
    require_undecided(repos, label)
    require_few_rows(repos, label)
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


def require_few_rows(repos: Repositories, label: Label) -> None:
    """Raise ``ConflictError`` where the author of ``label`` has changed their mind so often that
    the answer has to stay: rows are kept for ever, and each can be as large as a call."""
    if repos.labels.n_rows(label.user_id, label.item_id) >= MAX_ROWS:
        raise ConflictError(Text("refusals.changed_too_often"))


def decided_since(repos: Repositories, label: Label) -> bool:
    """Whether somebody else has decided the item as its adjudicator since ``label`` was given."""
    return any(
        other.adjudicates and other.user_id != label.user_id and other.id > label.id
        for other in repos.labels.in_force(label.item_id)
    )


def require_undecided(repos: Repositories, label: Label) -> None:
    """Raise ``ConflictError`` where somebody else has `decided_since`."""
    if decided_since(repos, label):
        raise ConflictError(Text("refusals.decided_since"))


def record(
    repos: Repositories, person: Person, item: Item, kind: AuditKind, label: Label, now: datetime
) -> None:
    """Log that ``label`` was stored or withdrawn; one that counts also settles the item."""
    details: dict[str, Any] = {"label": label.id, "value": label.value}
    if label.escalation is not None:
        details["escalated"] = True
    if label.bulk_size is not None:
        details["together"] = label.bulk_size
    if label.extra:
        details["extra"] = True
    labels = counted(repos, item.id)
    if label.extra:  # all is looked at and written as for others, and stays as it is
        verdict, final_at = item.verdict, item.final_at
        same = (item.state, verdict, final_at)
        repos.items.settle(person.name, item, *same, kind, details, weighed=item.weighed)
        return
    weighing = weighing_of(repos, labels)
    settled = _settlement(labels, item.needed_labels, weighing)
    details["verdict"] = settled.verdict
    weighed = weighing is not None and settled.verdict is not None
    if weighing is not None and weighed:
        details["weighed"] = weighing.told
    final_at = verdict_final_at(labels, now) if settled.verdict else None
    became = (settled.state, settled.verdict, final_at)
    repos.items.settle(person.name, item, *became, kind, details, weighed=weighed)


def _settlement(labels: list[Label], needed: int, weighing: Weighing | None) -> Settlement:
    """An adjudicator's answer decides, unsure too; without one, the reviewers' answers do."""
    decisions = [label.value for label in labels if label.adjudicates]
    if decisions:
        return Settlement(ItemState.RESOLVED, decisions[-1], None)
    escalated = any(label.escalation for label in labels)
    weights = None if weighing is None else weighing.weights
    answers = [label.value for label in labels if label.value is not None]
    return settle(answers, needed, escalated, weights)
