"""Limits on skips and on new images: how much of the queue one person may see without answering.

Answers earn new images one for one, so nobody who works is held up. Who runs into a limit is
written to the audit log, once in each window.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from review_app.core.errors import LimitError
from review_app.core.permissions import Person
from review_app.i18n import Text
from review_app.policy.review_options import ReviewOptions
from storage.enums import AuditKind
from storage.repositories import Repositories
from storage.repositories.event_log import Event

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(hours=24)


class Limit(StrEnum):
    """A limit that somebody may run into."""

    NEW_ITEMS = "new_items"
    SKIPS_PER_MINUTE = "skips_per_minute"
    SKIPS_PER_DAY = "skips_per_day"

    @property
    def window(self) -> timedelta:
        """The audit log tells of it once in so long."""
        return DAY if self is Limit.SKIPS_PER_DAY else HOUR


@dataclass
class _Account:
    used: float
    at: datetime


class Allowances:
    """The allowances of new items that each person may still be handed, kept in memory (a restart
    gives all of it back): it fills up in an hour, each answer gives one back, and each new item
    takes one.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._accounts: dict[int, _Account] = {}
        self._told: dict[tuple[int, Limit], datetime] = {}
        self._lock = threading.Lock()

    def left(self, person: Person, per_hour: int, now: datetime) -> int:
        """How many there are now."""
        with self._lock:
            account = self._accounts.setdefault(person.id, _Account(0.0, now))
            gone = max(0.0, (now - account.at) / HOUR)
            account.used = max(0.0, account.used - gone * per_hour)
            account.at = max(now, account.at)
            return max(0, math.floor(per_hour - account.used))

    def wait(self, person: Person, per_hour: int) -> float:
        """Seconds from the last look on until there is another one."""
        with self._lock:
            account = self._accounts.get(person.id)
            missing = 0.0 if account is None else account.used - (per_hour - 1)
        return max(0.0, missing) * HOUR.total_seconds() / per_hour

    def spend(self, person: Person, n: int, now: datetime) -> None:
        """``n`` new items were handed out, or as many answers were taken back."""
        with self._lock:
            self._accounts.setdefault(person.id, _Account(0.0, now)).used += n

    def earn(self, person: Person) -> None:
        """An answer was stored."""
        with self._lock:
            account = self._accounts.get(person.id)
            if account is not None:
                account.used = max(0.0, account.used - 1)

    def is_news(self, person: Person, limit: Limit, now: datetime) -> bool:
        """Whether nobody was told of it in this window; told of it from now on."""
        with self._lock:
            known = self._told.get((person.id, limit))
            if known is not None and now - known < limit.window:
                return False
            self._told[person.id, limit] = now
            return True


def too_many_new(
    repos: Repositories, person: Person, allowances: Allowances, per_hour: int, now: datetime
) -> LimitError:
    """The refusal of another new item, which the audit log tells."""
    _record(repos, person, allowances, Limit.NEW_ITEMS, per_hour, now)
    wait = allowances.wait(person, per_hour)
    return LimitError(Text("limits.too_many_new", {"wait": _wait(wait)}), wait)


def too_many_skips(
    repos: Repositories,
    person: Person,
    allowances: Allowances,
    options: ReviewOptions,
    now: datetime,
) -> LimitError | None:
    """The refusal of another skip, which the audit log tells; None where there may be one."""
    for limit, most, window, key in (
        (Limit.SKIPS_PER_DAY, options.skips_per_day, DAY, "skips_day"),
        (Limit.SKIPS_PER_MINUTE, options.skips_per_minute, MINUTE, "skips_minute"),
    ):
        skips = repos.claims.skips_since(person.id, now - window)
        if skips.n >= most and skips.first is not None:
            _record(repos, person, allowances, limit, most, now)
            wait = (skips.first + window - now).total_seconds()
            values: dict[str, str | int | Text] = {"n": most, "wait": _wait(wait)}
            return LimitError(Text(f"limits.{key}", values), wait)
    return None


def _record(
    repos: Repositories,
    person: Person,
    allowances: Allowances,
    limit: Limit,
    most: int,
    now: datetime,
) -> None:
    if allowances.is_news(person, limit, now):
        details = {"limit": limit.value, "most": most}
        repos.audit.add(Event(AuditKind.LIMITED, person.name, details=details))


def _wait(seconds: float) -> Text:
    for unit, name in ((3600, "hours"), (60, "minutes")):
        if seconds > unit:
            return Text(f"limits.wait_{name}", {"n": math.ceil(seconds / unit)})
    return Text("limits.wait_seconds", {"n": max(1, math.ceil(seconds))})
