"""The service level: within which time people are to have settled an image, set by an admin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from review_app.core.options import store_options
from review_app.core.permissions import Person
from review_app.monitoring.flow import waiting_by_hour
from review_app.monitoring.forecast import will_miss
from review_app.monitoring.reviewers import Rate
from storage.database import Database
from storage.enums import CountKind
from storage.repositories import Repositories

LOOKS_BACK = timedelta(days=7)
"""What was settled in this time tells whether the level is kept, and how fast people are."""
SAMPLE = 1000
"""Most images that are looked at for it, the last ones."""
_KEY = "service_level"


class ServiceLevel(BaseModel):
    """What an admin has promised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    within_hours: float | None = Field(
        None,
        ge=0.1,
        le=24 * 365,
        description="People are to settle an image within so much time after it came to them.",
    )


@dataclass(frozen=True)
class ServiceRecord:
    """How the service level is kept."""

    level: ServiceLevel
    kept: Rate
    """The images settled last, and those in time."""
    late: int
    """Images that wait, and have waited for too long."""
    misses: int
    """Images that wait and are late, or will be at the present pace before their turn comes."""


def read_service_level(repos: Repositories) -> ServiceLevel:
    """The level in force; a deployment that never chose has none."""
    return ServiceLevel.model_validate(repos.options.get(_KEY) or {})


def change_service_level(
    database: Database, person: Person, options: ServiceLevel, seen: ServiceLevel | None
) -> ServiceLevel:
    """Put ``options`` in force, or of them what differs from ``seen``; what is in force then.

    Raises as `store_options`.
    """
    return store_options(database, person, _KEY, options, seen, logged_as="service_level")


def service_record(repos: Repositories, now: datetime) -> ServiceRecord | None:
    """How the level in force is kept; None where none is set."""
    level = read_service_level(repos)
    if level.within_hours is None:
        return None
    limit = timedelta(hours=level.within_hours)
    waits = repos.counts.waits(now - LOOKS_BACK, SAMPLE)
    per_hour = repos.tallies.count(CountKind.SETTLED, now - LOOKS_BACK) / (LOOKS_BACK.days * 24)
    return ServiceRecord(
        level,
        kept=Rate(sum(wait <= limit for wait in waits), len(waits)),
        late=repos.counts.waiting_before(now - limit),
        misses=will_miss(waiting_by_hour(repos, now), per_hour, limit, now),
    )
