"""The backlog: how much waits, as reviewers are told it.

The true number would tell which answers were on gold: those that it does not fall by. So reviewers
get a number of some minutes ago, less their own answers since, whatever those were on.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.core.permissions import Permission, Person
from storage.enums import ItemState
from storage.repositories import Repositories

OLD = timedelta(minutes=10)
VERY_OLD = timedelta(hours=1)
ENOUGH = 20
"""Answers, of all people, that lie between two counts; a change between them tells of none."""


@dataclass(frozen=True)
class _Counted:
    n: int
    at: datetime
    labels: int
    """The newest label's id then."""


class Backlog:
    """A count of what waits, made every now and then; safe to share between threads."""

    def __init__(self) -> None:
        self._count: _Counted | None = None
        self._last = 0
        self._lock = threading.Lock()

    def waiting(self, repos: Repositories, person: Person, now: datetime) -> int:
        """The number of images that wait, for those who see the queue; for others as the module
        says. None left is always told at once, as asking for the next item would tell it, too."""
        n = repos.items.count(ItemState.IN_REVIEW)
        if n == 0 or person.may(Permission.SEE_QUEUE):
            return n
        count = self._counted(repos, n, now)
        since = count.at + timedelta(microseconds=1)
        return max(1, count.n - repos.labels.count_of(person.id, since))

    def _counted(self, repos: Repositories, n: int, now: datetime) -> _Counted:
        newest = repos.labels.newest_id()
        with self._lock:
            count = self._count
            if count is None or self._is_old(count, n, newest, now):
                count = self._count = _Counted(n, now, newest)
            self._last = n
            return count

    def _is_old(self, count: _Counted, n: int, newest: int, now: datetime) -> bool:
        age = now - count.at
        grew = n - self._last >= ENOUGH  # others brought more, or gave much back
        return grew or age >= VERY_OLD or (age >= OLD and newest - count.labels >= ENOUGH)
