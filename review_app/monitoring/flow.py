"""The flow of images over time: what came in, what left, and what waited.

Time is cut into equal parts that end with the present hour, whatever the reader's zone: counters
know hours, and nothing shorter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.enums import CountKind, ItemState
from storage.repositories import Repositories
from storage.repositories.tallies import hour_of

HOUR = timedelta(hours=1)
FLOW_KINDS = (
    CountKind.ARRIVED,
    CountKind.AUTO_ACCEPTED,
    CountKind.IN_REVIEW,
    CountKind.ESCALATED,
    CountKind.CAME,
    CountKind.SETTLED,
)
Hours = Mapping[CountKind, Mapping[str, int]]


class FlowSpan(StrEnum):
    """How far back a chart of the flow looks."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_CUTS = {FlowSpan.DAY: (24, 1), FlowSpan.WEEK: (28, 6), FlowSpan.MONTH: (30, 24)}
"""How many parts a span has, and how many hours each."""


@dataclass(frozen=True)
class FlowPart:
    """What happened in one part of the time."""

    begins: datetime
    arrived: int
    """Images taken in."""
    accepted: int
    """Images accepted by the policy, which are so still."""
    came: int
    """Images that came to people."""
    settled: int
    """Images that people settled, which are so still."""
    waiting: int
    """Images that waited for people at its end."""


@dataclass(frozen=True)
class Flow:
    """A span of time in equal parts, oldest first; the last is not over yet."""

    span: FlowSpan
    parts: Sequence[FlowPart]

    @property
    def hours(self) -> int:
        """The length of a part in hours."""
        return _CUTS[self.span][1]


def flow_of(repos: Repositories, span: FlowSpan, now: datetime) -> Flow:
    """The flow up to ``now``."""
    n, hours = _CUTS[span]
    states = repos.tallies.by_state()
    waiting = states[ItemState.IN_REVIEW] + states[ItemState.ESCALATED]
    since = _last_hour(now) - (n * hours - 1) * HOUR
    return Flow(span, flow_parts(repos.tallies.by_hour(FLOW_KINDS, since), waiting, n, hours, now))


def flow_parts(
    counted: Hours, waiting: int, n: int, hours: int, now: datetime
) -> Sequence[FlowPart]:
    """``n`` parts of so many ``hours`` each, the last of them with the present hour; ``waiting``:
    how many wait now. What waited before is reckoned back from it."""
    end = _last_hour(now) + HOUR
    found: list[FlowPart] = []
    for _ in range(n):
        begins = end - hours * HOUR
        names = [hour_of(begins + hour * HOUR) for hour in range(hours)]

        def total(*kinds: CountKind, names: Sequence[str] = names) -> int:
            return sum(counted[kind].get(name, 0) for kind in kinds for name in names)

        came = total(CountKind.IN_REVIEW, CountKind.ESCALATED, CountKind.CAME)
        settled = total(CountKind.SETTLED)
        arrived, accepted = total(CountKind.ARRIVED), total(CountKind.AUTO_ACCEPTED)
        found.append(FlowPart(begins, arrived, accepted, came, settled, waiting))
        waiting = max(waiting - came + settled, 0)
        end = begins
    return found[::-1]


def waiting_by_hour(repos: Repositories, now: datetime) -> Sequence[tuple[datetime, int]]:
    """How many wait for people by the hour in which they came to them, oldest first; the oldest
    entry has all that came more than `HORIZON` ago."""
    since = _last_hour(now) - HORIZON
    kinds = (CountKind.IN_REVIEW, CountKind.ESCALATED)
    counted = repos.tallies.by_hour(kinds, since)
    recent = {
        hour: sum(counted[kind].get(hour, 0) for kind in kinds)
        for hour in sorted({*counted[kinds[0]], *counted[kinds[1]]})
    }
    older = sum(repos.tallies.count(kind) for kind in kinds) - sum(recent.values())
    begins = [(datetime.fromisoformat(f"{hour}:00+00:00"), n) for hour, n in recent.items() if n]
    return [(since - HOUR, older), *begins] if older > 0 else begins


HORIZON = timedelta(days=60)
"""How far back it matters exactly since when something waits."""


def _last_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
