"""An answer taken back: the item is in its author's hands again."""

from __future__ import annotations

from review_app.core.errors import ConflictError, NotFoundError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.policy.review_options import read_options
from review_app.review import label_writer
from review_app.review.context import ReviewContext
from review_app.review.replies import task_of
from review_app.review.taking import require_open_account
from review_app.review.tasks import Task
from storage.enums import AuditKind, ItemState
from storage.models import Label
from storage.repositories import Repositories
from storage.repositories.lease import handed


def undo(context: ReviewContext, person: Person, client_id: str, of: str | None = None) -> Task:
    """Do what `ReviewService.undo` says."""
    require(person, Permission.REVIEW)
    with context.database.write() as repos:
        require_open_account(repos, person)
        now = context.clock()  # once nobody else writes: what is final by then stays
        lease = read_options(repos).lease(now)
        repos.claims.expire(lease)
        repeated = repos.labels.by_client_id(client_id)
        if repeated is not None:
            return _undone_task(repos, person, repeated)
        label = _to_undo(repos, person, of)
        item = label_writer.item_of(repos, label.item_id)
        was = item.state
        label_writer.withdraw(repos, person, label, client_id, now)
        claim = repos.claims.give(person.id, item.id, now, lease.expires_at)
        label_writer.record(repos, person, item, AuditKind.UNDONE, label, now)
        if was is ItemState.ESCALATED and item.state is not was:
            label_writer.call_off_adjudication(repos, item, now, but=claim)
        task = task_of(repos, person, handed(claim, item))
    context.memory.allowances.spend(person, 1, now)
    return task


def _to_undo(repos: Repositories, person: Person, of: str | None) -> Label:
    """The answer named, or what the person has put in its place; where none is named the newest."""
    if of is None:
        newest = repos.labels.last_of(person.id)
        if newest is None:
            raise NotFoundError(Text("refusals.nothing_to_undo"))
        return newest
    named = repos.labels.by_client_id(of)
    if named is None or named.user_id != person.id or named.value is None:
        raise NotFoundError(Text("refusals.no_such_answer"))
    own = [x for x in repos.labels.in_force(named.item_id) if x.user_id == person.id]
    if not own:
        raise ConflictError(Text("refusals.taken_back_already"))
    return named if named in own else own[-1]


def _undone_task(repos: Repositories, person: Person, undo: Label) -> Task:
    """The task that an undo gave back, when the same undo is sent again."""
    if undo.user_id != person.id or undo.value is not None:
        raise ConflictError(Text("refusals.undo_of_other"))
    claim = repos.claims.last_of(person.id, undo.item_id)
    if claim is None or claim.ended_at is not None:
        raise ConflictError(Text("refusals.undone_already"))
    return task_of(repos, person, handed(claim, label_writer.item_of(repos, undo.item_id)))
