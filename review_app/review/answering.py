"""One answer, or none: an item in a person's hands is labelled or skipped."""

from __future__ import annotations

from review_app.core.errors import ClaimLostError, ConflictError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.policy.review_options import read_options
from review_app.review import label_writer, second_looks
from review_app.review.context import ReviewContext
from review_app.review.limits import too_many_skips
from review_app.review.replies import receipt_of
from review_app.review.tasks import AnswerInput, Receipt
from storage.enums import AuditKind, ClaimOutcome


def label(context: ReviewContext, person: Person, submission: AnswerInput) -> Receipt:
    """Do what `ReviewService.label` says."""
    require(person, Permission.REVIEW)
    now = context.clock()
    with context.database.write() as repos:
        known = repos.labels.by_client_id(submission.client_id)
        if known is not None:
            known = label_writer.same_answer(repos, known, person, submission)
            return receipt_of(repos, known, submission.item_id, context.words)
        claim, item = label_writer.answerable(repos, person, submission.item_id)
        if claim.ended_at is not None:
            repos.claims.expire(read_options(repos).lease(now))  # who else holds it still?
        reveals = label_writer.reveals(repos, item)
        label = label_writer.store(repos, person, submission, claim, item, reveals, now)
        repos.claims.end(claim, ClaimOutcome.LABELLED, now, recount=False)
        label_writer.record(repos, person, item, AuditKind.LABELLED, label, now)
        second_looks.toss(repos, item, label, context.coin)
        receipt = receipt_of(repos, label, submission.item_id, context.words)
    context.memory.allowances.earn(person)
    context.after_answers([label.item_id])
    return receipt


def skip(context: ReviewContext, person: Person, handle: str) -> None:
    """Do what `ReviewService.skip` says."""
    require(person, Permission.REVIEW)
    with context.database.write() as repos:
        known = repos.claims.known_as(person.id, handle)
        if known is None:
            raise ClaimLostError(Text("refusals.not_yours_to_skip"))
        claim, _ = known
        if claim.outcome is ClaimOutcome.LABELLED:
            raise ConflictError(Text("refusals.labelled_already"))
        refusal = None
        now = context.clock()
        if claim.outcome is not ClaimOutcome.SKIPPED:
            options, allowances = read_options(repos), context.memory.allowances
            refusal = too_many_skips(repos, person, allowances, options, now)
        if refusal is None:
            repos.claims.end(claim, ClaimOutcome.SKIPPED, now)
    if refusal is not None:
        raise refusal
