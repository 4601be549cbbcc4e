"""What the last refresh found, as pages show it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from review_app.monitoring import drift_watching, flow_watching, live_watching, people_watching
from review_app.monitoring.drift_watching import WatchedDrift
from review_app.monitoring.flow_watching import WatchedFlow
from review_app.monitoring.live_watching import WatchedCalibration
from review_app.monitoring.people_watching import WatchedPeople, WatchedPerson
from storage.database import Database


@dataclass(frozen=True)
class WatchFindings:
    """All that was found last; what was never looked for is None."""

    made_at: datetime | None
    drift: WatchedDrift | None
    calibration: WatchedCalibration | None
    people: WatchedPeople | None
    flow: WatchedFlow | None


@dataclass(frozen=True)
class SystemHealth:
    """What the machine has left, in bytes."""

    disk_free: int
    disk_total: int
    database_bytes: int
    """The size of the database's file."""


def read_findings(database: Database) -> WatchFindings:
    """What the last refresh kept."""
    with database.read() as repos:
        rows = {
            name: repos.monitoring.result(name)
            for name in (
                drift_watching.NAME,
                live_watching.NAME,
                people_watching.NAME,
                flow_watching.NAME,
            )
        }
        drift, live, people, flow = (None if row is None else row.document for row in rows.values())
        made = [row.made_at for row in rows.values() if row is not None]
    return WatchFindings(
        made_at=min(made, default=None),
        drift=None if drift is None else WatchedDrift.model_validate(drift),
        calibration=None if live is None else WatchedCalibration.model_validate(live),
        people=None if people is None else WatchedPeople.model_validate(people),
        flow=None if flow is None else WatchedFlow.model_validate(flow),
    )


def own_figures(database: Database, user_id: int) -> WatchedPerson | None:
    """What the last refresh found of one person; None where it found nothing."""
    with database.read() as repos:
        row = repos.monitoring.result(people_watching.NAME)
        document = None if row is None else row.document
    if document is None:
        return None
    return WatchedPeople.model_validate(document).people.get(user_id)


def drift_is_flagged(database: Database) -> bool:
    """Whether the newest images are no longer like those of the certificate's time."""
    with database.read() as repos:
        row = repos.monitoring.result(drift_watching.NAME)
        document = None if row is None else row.document
    return document is not None and bool(WatchedDrift.model_validate(document).flagged)


def system_health(database: Database) -> SystemHealth:
    """What the disk of the database has left."""
    path = Path(database.engine.url.database or "")
    usage = shutil.disk_usage(path.parent)
    return SystemHealth(usage.free, usage.total, path.stat().st_size)
