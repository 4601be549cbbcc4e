"""The progress of the queue and of a person, for the page's header."""

from __future__ import annotations

from datetime import datetime, timedelta

from review_app.core.errors import InputError
from review_app.core.permissions import Permission, Person, require
from review_app.i18n import Text
from review_app.queueing.options import order_in_use
from review_app.review.context import ReviewContext
from review_app.review.tasks import Progress
from storage.enums import ItemState

ABOUT_NOW = timedelta(days=2)
"""A person's day may begin so far from now: a day of 25 hours, and a clock that is a day wrong."""


def progress(
    context: ReviewContext,
    person: Person,
    session_start: datetime,
    day_start: datetime | None = None,
) -> Progress:
    """Do what `ReviewService.progress` says."""
    require(person, Permission.REVIEW)
    now = context.clock()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if day_start is not None:
        if abs(now - day_start) > ABOUT_NOW:
            raise InputError(Text("refusals.odd_day"))
        midnight = day_start
    with context.database.read() as repos:
        adjudicates = person.may(Permission.ADJUDICATE)
        return Progress(
            waiting=context.memory.backlog.waiting(repos, person, now),
            escalated=repos.items.count(ItemState.ESCALATED) if adjudicates else None,
            done_today=repos.labels.count_of(person.id, midnight),
            done_session=repos.labels.count_of(person.id, session_start),
            order=order_in_use(repos).text,
        )
