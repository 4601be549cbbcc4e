"""The refresh: what the Monitoring page shows is computed now and then, and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pydantic import BaseModel

from review_app.core.pace import Pace
from review_app.monitoring import drift_watching, flow_watching, live_watching, people_watching
from review_app.monitoring.drift_watching import WatchedDrift
from review_app.monitoring.weights import keep_weights
from storage.database import Database
from storage.repositories import Repositories

EVERY: Final = 300.0
"""Seconds between two refreshes."""
SOON: Final = 5.0
"""Seconds to the next where more of the stream waits than one goes on by."""

Watch = Callable[[Repositories], BaseModel | None]

WATCHES: Final[Mapping[str, Watch]] = {
    drift_watching.NAME: drift_watching.watch_drift,
    live_watching.NAME: live_watching.watch_calibration,
    people_watching.NAME: people_watching.watch_people,
    flow_watching.NAME: flow_watching.watch_flow,
}


class MonitoringRefresh:
    """Computes every watch from one database; several processes may do so, and find the same."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pace = Pace(EVERY)

    def look(self) -> None:
        """Refresh, if the last time was `EVERY` ago."""
        if self._pace.takes_turn() and self.refresh():
            self._pace.again_in(SOON)

    def refresh(self) -> bool:
        """Compute everything once; whether more of the stream waits to be looked at."""
        waits = False
        for name, watch in WATCHES.items():
            with self._database.read() as repos:
                found = watch(repos)
                before = repos.monitoring.result(name)
                known = None if before is None else before.document
            if found is None:
                continue
            document = found.model_dump(mode="json")
            if isinstance(found, WatchedDrift):
                seen = 0 if known is None else known["seen"]
                waits = found.seen - seen >= drift_watching.PORTION
            with self._database.write(durable=False) as repos:
                repos.monitoring.keep(name, document)
        keep_weights(self._database)
        return waits
