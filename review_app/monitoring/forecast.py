"""How long the queue would take to empty at its present pace, and what will miss the service level.

Pure. The pace is what the last days tell; they are few and unlike each other, so a forecast is an
interval, or the words that nothing can be told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from review_app.core.special import stdtrit

CONFIDENCE = 0.9
MIN_DAYS = 3
"""Fewer days tell nothing of how they differ."""


class Outlook(StrEnum):
    """What the pace of the last days says of the queue."""

    EMPTY = "empty"
    """Nothing waits."""
    UNKNOWN = "unknown"
    """There are too few days."""
    EMPTIES = "empties"
    """It shrinks, and would be empty some day."""
    GROWS = "grows"
    """More comes than leaves."""
    UNCLEAR = "unclear"
    """It may shrink or grow."""


@dataclass(frozen=True)
class EmptyingForecast:
    """The outlook; ``low`` and ``high`` bound days until it is empty where it empties, else the
    images a day by which it grows, less than 0 where it shrinks."""

    outlook: Outlook
    days: int
    """How many days it rests on."""
    low: float = 0.0
    high: float = 0.0


def forecast_emptying(waiting: int, left: Sequence[int], came: Sequence[int]) -> EmptyingForecast:
    """The forecast for a queue of ``waiting`` images, of which ``left`` [n] and ``came`` [n] tell
    how many left and came on each of the last n days.

    The interval is Student's for the mean of what left less what came, at `CONFIDENCE`; days are
    taken as independent, which weekends are not: with whole weeks it errs least.
    """
    n = len(left)
    if not waiting:
        return EmptyingForecast(Outlook.EMPTY, n)
    if n < MIN_DAYS:
        return EmptyingForecast(Outlook.UNKNOWN, n)
    net = np.asarray(left, float) - np.asarray(came, float)
    wide = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2) * net.std(ddof=1) / math.sqrt(n))
    slow, fast = float(net.mean()) - wide, float(net.mean()) + wide
    if slow > 0:
        return EmptyingForecast(Outlook.EMPTIES, n, waiting / fast, waiting / slow)
    outlook = Outlook.GROWS if fast < 0 else Outlook.UNCLEAR
    return EmptyingForecast(outlook, n, -fast, -slow)


def will_miss(
    waiting: Sequence[tuple[datetime, int]], per_hour: float, limit: timedelta, now: datetime
) -> int:
    """How many of those that wait, by the hour since which they do, oldest first, are late already
    or will be before their turn comes, where ``per_hour`` leave and the oldest do so first."""
    missed, before = 0, 0
    for since, n in waiting:
        left = (since + limit - now) / timedelta(hours=1)
        in_time = int(max(left, 0.0) * per_hour) - before
        missed += n - min(max(in_time, 0), n)
        before += n
    return missed
