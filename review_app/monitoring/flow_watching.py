"""How the work goes: how often people override the detector, how long images wait, what came
back."""

from __future__ import annotations

from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict

from storage.repositories import Repositories
from storage.types import utc_now

NAME: Final = "flow"
NEWEST: Final = 20_000
"""Images, and events of the log, that are looked at."""


class WatchedFlow(BaseModel):
    """Figures of the newest images that people settled."""

    model_config = ConfigDict(frozen=True)

    settled: int
    overridden: int
    """Those whose verdict is another than what the detector leaned to."""
    hours_median: float | None
    """The median time from an image's coming to people to its verdict."""
    hours_late: float | None
    """The same of the slowest tenth, at its beginning."""
    reopened: int
    """Acceptances that went back to people, among the newest events of the log."""


def watch_flow(repos: Repositories) -> WatchedFlow:
    """The figures of now."""
    rows = repos.monitoring.settled(utc_now(), NEWEST)
    hours = [row.hours for row in rows if row.hours is not None]
    late = np.quantile(hours, [0.5, 0.9]).tolist() if hours else (None, None)
    return WatchedFlow(
        settled=len(rows),
        overridden=sum(row.overridden for row in rows),
        hours_median=late[0],
        hours_late=late[1],
        reopened=repos.monitoring.reopened(NEWEST),
    )
