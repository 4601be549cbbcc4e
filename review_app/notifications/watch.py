"""The look at what needs an admin: what is new is told, and so is what is over.

The same is told once for as long as it holds. It is over when it has not held for a while, so what
comes and goes at every look is told no more often than that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.core.errors import StorageError
from review_app.durability.log_watch import LogWatch
from review_app.monitoring.findings import SystemHealth, system_health
from review_app.notifications.conditions import Condition, find_conditions
from review_app.notifications.messages import alert_line
from storage.database import Database
from storage.enums import Topic
from storage.models import AlertRow
from storage.repositories import Repositories
from storage.types import utc_now

SETTLES_AFTER = timedelta(minutes=15)
"""How long something has not held before it is told to be over."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class OpenAlert:
    """Something that needs an admin."""

    id: int
    topic: Topic
    subject: str
    """Which of several of its topic."""
    words: str
    """What it is and what to do, in the language in use."""
    raised_at: datetime


class AlertWatch:
    """Looks over one database; several processes may do so at once."""

    def __init__(
        self,
        database: Database,
        health: Callable[[Database], SystemHealth] = system_health,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._log = LogWatch(database)
        self._health = health
        self._clock = clock

    def look(self) -> None:
        """Look what needs an admin. Never raises: the next look looks again."""
        if self._database.read_only:
            return
        try:
            self._log.look()
            self.check()
        except StorageError:
            return  # which is in the log, and on the admin's page
        except Exception:
            _logger.exception("the look at what needs an admin failed")

    def check(self) -> None:
        """Look now."""
        now, health = self._clock(), self._health(self._database)
        with self._database.read() as repos:
            found = find_conditions(repos, health, self._log.broken, now)
            if not found and not repos.alerts.open():
                return
        with self._database.write(durable=False) as repos:
            _tell(repos, found, now)

    def open(self) -> list[OpenAlert]:
        """What needs an admin, the oldest first."""
        with self._database.read() as repos:
            return [_open(row) for row in repos.alerts.open()]


def _tell(repos: Repositories, found: Sequence[Condition], now: datetime) -> None:
    known = {(row.topic, row.subject): row for row in repos.alerts.open()}
    for condition in found:
        row = known.pop((condition.topic, condition.subject), None)
        if row is None:
            repos.alerts.raise_(condition.topic, condition.subject, condition.facts, now)
        else:
            repos.alerts.see(row, condition.facts, now)
    for row in known.values():
        if now - row.seen_at >= SETTLES_AFTER:
            repos.alerts.settle(row, now)


def _open(row: AlertRow) -> OpenAlert:
    words = alert_line(row.topic, "raised", row.facts)
    return OpenAlert(row.id, row.topic, row.subject, words, row.raised_at)
