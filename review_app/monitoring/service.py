"""A service that tells of the queue and of the people in it, for those who see all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from review_app.monitoring.flow import FlowSpan
from review_app.monitoring.overview import Overview, ScoreMap, overview, score_map, stats
from review_app.monitoring.queue_desk import QueueDesk, queue_desk
from review_app.monitoring.reviewers import ReviewerFigures, reviewer_figures
from storage.database import Database
from storage.repositories.taking import Taken
from storage.types import utc_now

DAY = timedelta(hours=24)


class MonitoringService:
    """A service that reads one database and changes nothing; each method is one snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def overview(self) -> Overview:
        """The queue, the policy and the people now."""
        return overview(self._database)

    def queue_desk(self, span: FlowSpan) -> QueueDesk:
        """The flow of images over ``span``, and what it tells of the queue."""
        return queue_desk(self._database, span)

    def score_map(self) -> ScoreMap:
        """The newest scored items as points, with the policy's thresholds."""
        return score_map(self._database)

    def stats(self) -> dict[str, Any]:
        """The document of ``stats --json``."""
        return stats(self._database)

    def reviewer_figures(self) -> list[ReviewerFigures]:
        """How well each person answers, and how the model sways them."""
        return reviewer_figures(self._database)

    def taking(self) -> list[Taken]:
        """What people did in the last `DAY` with the images they were handed."""
        with self._database.read() as repos:
            return repos.taking.since(utc_now() - DAY)
