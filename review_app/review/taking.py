"""Taking: what a person holds is taken under a lease, renewed, and given back unanswered."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from review_app.core.errors import NotAllowedError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.policy.review_options import read_options
from review_app.review import gold
from review_app.review.context import ReviewContext
from review_app.review.handing import hand_out
from review_app.review.limits import too_many_new
from review_app.review.near_duplicates import count_near_duplicates, hand_out_near_duplicates
from review_app.review.replies import tasks_of
from review_app.review.requests import MAX_AHEAD
from review_app.review.tasks import Queue, Task
from storage.enums import ClaimOutcome
from storage.repositories import Repositories
from storage.repositories.lease import Handed, Lease, handed

ALWAYS = 3
"""A person may hold so many however few there are."""
SHARE = 20
"""Nobody holds more than one of so many open items beyond those: others need some too."""


def take(
    context: ReviewContext, person: Person, n: int = 1, queue: Queue = Queue.WAITING
) -> list[Task]:
    """Do what `ReviewService.take` says."""
    _require_queue(person, queue)
    with context.database.write() as repos:
        options = read_options(repos)
        lease = options.lease(context.clock())
        held = _held(context, repos, person, queue, lease)
        wanted = _share(repos, queue, n) - len(held)
        refusal = None
        if wanted > 0:
            left = _left(context, person, options.new_per_hour, lease)
            found, new = hand_out(repos, person, queue, wanted, left, lease, options, context.coin)
            context.memory.allowances.spend(person, new, lease.now)
            held = sorted(held + found, key=lambda one: one.claim_id)
            if not held and left == 0 and _any_for(repos, person, queue, lease):
                allowances, most = context.memory.allowances, options.new_per_hour
                refusal = too_many_new(repos, person, allowances, most, lease.now)
        tasks = _tasks(repos, person, queue, held, n, lease)
    if refusal is not None:
        raise refusal
    return tasks


def take_near_duplicates(context: ReviewContext, person: Person, handle: str) -> list[Task]:
    """Do what `ReviewService.take_near_duplicates` says."""
    require(person, Permission.REVIEW)
    with context.database.write() as repos:
        options = read_options(repos)
        lease = options.lease(context.clock())
        held = _held(context, repos, person, Queue.WAITING, lease)
        left = _left(context, person, options.new_per_hour, lease)
        found, new = hand_out_near_duplicates(repos, person, held, handle, left, lease)
        context.memory.allowances.spend(person, new, lease.now)
        return tasks_of(repos, person, found)


def heartbeat(context: ReviewContext, person: Person) -> int:
    """Do what `ReviewService.heartbeat` says."""
    require(person, Permission.REVIEW)
    now = context.clock()
    with context.database.write() as repos:
        lease = read_options(repos).lease(now)
        repos.claims.expire(lease)
        return repos.claims.extend(person.id, lease)


def release(context: ReviewContext, person: Person, keep: Collection[str] = ()) -> int:
    """Do what `ReviewService.release` says."""
    now = context.clock()
    with context.database.write() as repos:
        return repos.claims.release(person.id, now, keep)


def _held(
    context: ReviewContext, repos: Repositories, person: Person, queue: Queue, lease: Lease
) -> list[Handed]:
    """What the person holds of ``queue``, renewed; items elsewhere, or settled meanwhile, go
    back."""
    require_open_account(repos, person)
    repos.claims.expire(lease)
    held = repos.claims.held_by(person.id)
    if held:
        repos.claims.extend(person.id, lease)
    kept = []
    for claim, item in held:
        if gold.belongs(claim, item, queue):
            kept.append(handed(claim, item))
        else:
            repos.claims.end(claim, ClaimOutcome.RELEASED, lease.now)
    return kept


def _left(context: ReviewContext, person: Person, per_hour: int, lease: Lease) -> int:
    """How many new items the person may be handed now; who sees the queue sees all of it."""
    if person.may(Permission.SEE_QUEUE):
        return MAX_AHEAD
    return context.memory.allowances.left(person, per_hour, lease.now)


def _tasks(
    repos: Repositories,
    person: Person,
    queue: Queue,
    held: Sequence[Handed],
    n: int,
    lease: Lease,
) -> list[Task]:
    others = count_near_duplicates(repos, person, held, lease) if queue is Queue.WAITING else {}
    return tasks_of(repos, person, held[:n], others)


def _share(repos: Repositories, queue: Queue, n: int) -> int:
    """How many of ``n`` items one person may hold, given how many are there for all."""
    if n <= ALWAYS:
        return n
    few = repos.open_slots.count(queue.state, at_most=n * SHARE) // SHARE
    return max(ALWAYS, min(n, few))


def _require_queue(person: Person, queue: Queue) -> None:
    adjudicates = queue is Queue.ESCALATED
    require(person, Permission.ADJUDICATE if adjudicates else Permission.REVIEW)


def require_open_account(repos: Repositories, person: Person) -> None:
    """Whose account was closed while their call was under way is handed nothing any more."""
    if not repos.users.is_open(person.id):
        raise NotAllowedError(Text("refusals.account_closed"))


def _any_for(repos: Repositories, person: Person, queue: Queue, lease: Lease) -> bool:
    return bool(repos.open_slots.find(person.id, queue.state, 1, lease))
