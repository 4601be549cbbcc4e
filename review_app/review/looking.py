"""A person may be shown an image, or not, and what else is known of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from review_app.core.permissions import Permission, Person
from review_app.policy.review_options import read_options
from review_app.policy.undo_window import final_since
from review_app.review.context import ReviewContext
from review_app.review.requests import MAX_RECENT
from storage.repositories import Repositories

GRACE = timedelta(minutes=10)
"""How long an image can still be looked at after it was given back."""


def image_of(context: ReviewContext, person: Person, handle: str) -> int | None:
    """Do what `ReviewService.image_of` says."""
    now = context.clock()
    with context.database.read() as repos:
        known = repos.claims.known_as(person.id, handle)
        if known is None:
            return None
        claim, item = known
        if claim.ended_at is None or now - claim.ended_at < GRACE:
            return item.id
        return item.id if _is_listed(repos, person, item.id, now) else None


def may_see_opinion(context: ReviewContext, person: Person, item_id: int) -> bool:
    """Do what `ReviewService.may_see_opinion` says."""
    with context.database.read() as repos:
        if repos.labels.has_seen_opinion(person.id, item_id):
            return True
        claim = repos.claims.last_of(person.id, item_id)
        judging = claim is not None and claim.ended_at is None
        return person.may(Permission.SEE_QUEUE) and not judging


def may_know_claim(context: ReviewContext, person: Person, item_id: int) -> bool:
    """Do what `ReviewService.may_know_claim` says."""
    if may_see_opinion(context, person, item_id):
        return True
    now = context.clock()
    with context.database.read() as repos:
        if read_options(repos).claim_before_answer:
            return True
        in_force = repos.labels.in_force(item_id)
    return any(one.user_id == person.id and final_since(one) <= now for one in in_force)


def _is_listed(repos: Repositories, person: Person, item_id: int, now: datetime) -> bool:
    own = [x for x in repos.labels.in_force(item_id) if x.user_id == person.id]
    if not own:
        return False
    if now < final_since(own[-1]):
        return True
    recent = repos.labels.recent_of(person.id, MAX_RECENT)
    return any(label.item_id == item_id for label in recent)
