"""A service that tells of the queue and of the people in it, for those who see all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from review_app.audits.standing import AuditReport
from review_app.monitoring.background import BackgroundFigure, Latest
from review_app.monitoring.findings import (
    SystemHealth,
    WatchFindings,
    drift_is_flagged,
    own_figures,
    read_findings,
    system_health,
)
from review_app.monitoring.flow import FlowSpan
from review_app.monitoring.kept_map import KeptScoreMap
from review_app.monitoring.metrics import Metric, queue_metrics
from review_app.monitoring.overview import Overview, ScoreMap, overview, stats
from review_app.monitoring.people_watching import WatchedPerson
from review_app.monitoring.queue_desk import QueueDesk, queue_desk
from review_app.monitoring.reviewers import ReviewerFigures, reviewer_figures
from storage.database import Database
from storage.enums import CountKind
from storage.repositories.taking import Taken
from storage.types import utc_now

DAY = timedelta(hours=24)
AT_ONCE = 3_000
"""The number of labels up to which the figures of reviewers are computed while somebody waits."""
KEPT_SECONDS = 300.0
"""How long those of more labels are kept."""


class MonitoringService:
    """A service that reads one database and changes nothing; each method is one snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._map = KeptScoreMap(database)
        self._figures = BackgroundFigure(
            "figures of reviewers",
            lambda: reviewer_figures(database),
            lambda _figures, seconds: seconds >= KEPT_SECONDS,
        )

    def close(self) -> None:
        """Wait for what is being computed."""
        self._figures.close()

    def overview(self) -> Overview:
        """The queue, the policy and the people now."""
        return overview(self._database)

    def queue_desk(self, span: FlowSpan) -> QueueDesk:
        """The flow of images over ``span``, and what it tells of the queue."""
        return queue_desk(self._database, span)

    def score_map(self) -> ScoreMap:
        """The newest scored items as points, with the policy's thresholds: the same object as long
        as it is the same map."""
        return self._map.current()

    def metrics(self, report: AuditReport | None) -> list[Metric]:
        """The figures for Prometheus; ``report``: what the audits say."""
        return queue_metrics(self._database, report, utc_now())

    def stats(self) -> dict[str, Any]:
        """The document of ``stats --json``."""
        return stats(self._database)

    def reviewer_figures(self) -> Latest[list[ReviewerFigures]]:
        """How well each person answers, and how the model sways them: as of now where there are
        few labels, else as of some minutes ago, computed in the background."""
        with self._database.read() as repos:
            labels = repos.tallies.count(CountKind.LABEL)
        if labels <= AT_ONCE:
            return Latest(reviewer_figures(self._database), utc_now())
        return self._figures.current()

    def findings(self) -> WatchFindings:
        """What the last refresh found."""
        return read_findings(self._database)

    def drift_is_flagged(self) -> bool:
        """Whether the newest images are no longer like those of the certificate's time."""
        return drift_is_flagged(self._database)

    def own_figures(self, user_id: int) -> WatchedPerson | None:
        """What the last refresh found of one person; None where it found nothing."""
        return own_figures(self._database, user_id)

    def health(self) -> SystemHealth:
        """What the disk of the database has left."""
        return system_health(self._database)

    def taking(self) -> list[Taken]:
        """What people did in the last `DAY` with the images they were handed."""
        with self._database.read() as repos:
            return repos.taking.since(utc_now() - DAY)
