"""One's own past answers: looked at again, and changed while they are not final.

A change is a new label that supersedes the old one; both stay. It counts as given in sight of the
model's opinion where the person has seen that, and the item is settled anew. (What admins put right
once a verdict is final is `review_app.records.correction`.)
"""

from __future__ import annotations

from datetime import datetime

from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.policy.undo_window import require_open
from review_app.review import label_writer, second_looks
from review_app.review.blindness import is_blind
from review_app.review.context import ReviewContext
from review_app.review.replies import handle_of, own_answer, receipt_of
from review_app.review.tasks import AnswerChange, OwnAnswer, Receipt
from storage.enums import AuditKind, ItemState
from storage.models import Label
from storage.repositories import Repositories


def recent(context: ReviewContext, person: Person, n: int = 20) -> list[OwnAnswer]:
    """Do what `ReviewService.recent` says."""
    require(person, Permission.REVIEW)
    now = context.clock()
    with context.database.read() as repos:
        labels = repos.labels.recent_of(person.id, n)
        return [own_answer(repos, label, context.words, now) for label in labels]


def change(context: ReviewContext, person: Person, change: AnswerChange) -> Receipt:
    """Do what `ReviewService.change` says."""
    require(person, Permission.REVIEW)
    with context.database.write() as repos:
        now = context.clock()  # once nobody else writes: what is final by then stays
        old = _own(repos, person, change.of)
        known = repos.labels.by_client_id(change.client_id)
        if known is not None:
            known = _same_change(known, old, change)
            return receipt_of(repos, known, handle_of(repos, known), context.words)
        if repos.labels.successor_of(old.id) is not None:
            raise ConflictError(Text("refusals.changed_already"))
        require_open(old, now)
        label_writer.require_undecided(repos, old)
        label_writer.require_few_rows(repos, old)
        item = label_writer.item_of(repos, old.item_id)
        was = item.state
        blind = is_blind(repos, person.id, item.id, item.image_id)
        reveals = label_writer.reveals(repos, item)
        label = _replace(repos, old, change, blind, reveals, now)
        label_writer.record(repos, person, item, AuditKind.CHANGED, label, now)
        second_looks.toss(repos, item, label, context.coin)
        if was is ItemState.ESCALATED and item.state is not was:
            label_writer.call_off_adjudication(repos, item, now)
        receipt = receipt_of(repos, label, handle_of(repos, label), context.words)
    context.after_answers([item.id])
    return receipt


def _own(repos: Repositories, person: Person, client_id: str) -> Label:
    label = repos.labels.by_client_id(client_id)
    if label is None or label.user_id != person.id or label.value is None:
        raise NotFoundError(Text("refusals.no_such_answer"))
    return label


def _same_change(known: Label, old: Label, change: AnswerChange) -> Label:
    if known.supersedes_id != old.id or known.value is not change.value:
        raise ConflictError(Text("refusals.change_other_content"))
    return known


def _replace(
    repos: Repositories, old: Label, change: AnswerChange, blind: bool, reveals: bool, now: datetime
) -> Label:
    return repos.labels.add(
        Label(
            **label_writer.said(change),
            client_id=change.client_id,
            item_id=old.item_id,
            user_id=old.user_id,
            supersedes_id=old.id,
            blind=blind,
            revealed=reveals,
            adjudicates=old.adjudicates,
            extra=old.extra,
            seconds=None,
            labelled_at=now,
            final_at=old.final_at,
        )
    )
