"""The queue desk: how images flow, how long the queue will last, and whether promises are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from review_app.monitoring.flow import FLOW_KINDS, Flow, FlowSpan, flow_of, flow_parts
from review_app.monitoring.forecast import EmptyingForecast, forecast_emptying
from review_app.monitoring.service_level import ServiceRecord, service_record
from storage.database import Database
from storage.enums import CountKind, ItemState
from storage.models import SourceTally
from storage.repositories import Repositories
from storage.types import utc_now

FORECAST_DAYS = 14
"""How many days the forecast rests on, at most: whole weeks, for days of a week differ."""
MAX_SOURCES = 12


@dataclass(frozen=True)
class QueueDesk:
    """What the admin's first screen tells of the flow, all of one moment."""

    flow: Flow
    waiting: int
    """Images that wait for people, escalated ones among them."""
    oldest: datetime | None
    """The time since which the oldest of them waits."""
    forecast: EmptyingForecast
    service: ServiceRecord | None
    """How the service level is kept; None where none is set."""
    sources: Sequence[SourceTally]
    """The largest sources, `MAX_SOURCES` at most."""


def queue_desk(database: Database, span: FlowSpan, now: datetime | None = None) -> QueueDesk:
    """Everything about the flow, from one snapshot."""
    now = now or utc_now()
    with database.read() as repos:
        states = repos.tallies.by_state()
        waits = (ItemState.IN_REVIEW, ItemState.ESCALATED)
        since = [repos.counts.oldest_in(state) for state in waits]
        return QueueDesk(
            flow=flow_of(repos, span, now),
            waiting=sum(states[state] for state in waits),
            oldest=min((time for time in since if time is not None), default=None),
            forecast=_forecast(repos, sum(states[state] for state in waits), now),
            service=service_record(repos, now),
            sources=repos.tallies.by_source(MAX_SOURCES),
        )


def _forecast(repos: Repositories, waiting: int, now: datetime) -> EmptyingForecast:
    """The forecast from whole days that end with the last full hour, back to the first on which
    anything came."""
    end = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    since = end - timedelta(days=FORECAST_DAYS)
    counted = repos.tallies.by_hour(FLOW_KINDS, since)
    days = flow_parts(counted, waiting, FORECAST_DAYS, 24, end)
    begun = next((at for at, day in enumerate(days) if day.came), len(days))
    if repos.tallies.count(CountKind.ARRIVED) > sum(counted[CountKind.ARRIVED].values()):
        begun = 0  # it ran before these days
    told = days[begun:]
    return forecast_emptying(waiting, [day.settled for day in told], [day.came for day in told])
