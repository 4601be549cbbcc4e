"""A challenger is compared with the champion on labels, and replayed on the stored queue.

What it has not scored yet is scored first: labelled images whole, and stored as ever; the rest of
the queue from cached features alone, in memory. The look is written down with all that it told, for
it spends some of the confidence of the challenger's certificates (`policy.eligibility`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.core.serialization import from_document, to_document
from review_app.detectors.cached import CachedScores
from review_app.detectors.naming import MADE_OF_OTHERS
from review_app.detectors.registry import Detectors
from review_app.detectors.scoring import BATCH, Scoring
from review_app.i18n import Text
from review_app.learning.comparison import AurocDifference, Comparison, MetricDifference, compare
from review_app.learning.held_out import HeldOutSet, is_scored
from review_app.learning.lineage import LineageEntry, read_lineage
from review_app.learning.recommendation import Recommendation, recommend
from review_app.learning.replay import Replay, StoredQueue, replay
from review_app.policy.group_facts import groups_of
from review_app.policy.policy import Policy
from review_app.policy.routing import decide_many
from review_app.triage.forecasting import ForecastService
from storage.database import Database
from storage.enums import CheckpointKind
from storage.repositories.event_log import SYSTEM
from storage.repositories.held_out import HeadOf, HeldOutLabel
from storage.repositories.replays import StoredDecision
from storage.types import utc_now

NEWEST = 250_000
"""Items that a replay goes over at most, the newest."""


@dataclass(frozen=True)
class LabelsUsed:
    """The labels behind a comparison, and those that were left out."""

    gold: int
    audit: int
    verdict: int
    seen: int
    """Left out, for they made one of the two detectors."""
    unscored: int
    """Left out, for one of the two has not scored the image."""
    since: str | None
    """The time of the first verdict, ISO 8601."""
    until: str | None


@dataclass(frozen=True)
class ChallengeReport:
    """All that a comparison tells."""

    champion: str
    champion_head: str
    challenger: str
    challenger_head: str
    policy_version: int
    labels: LabelsUsed
    overall: AurocDifference
    parts: tuple[AurocDifference, ...]
    metrics: tuple[MetricDifference, ...]
    recommendation: Recommendation
    replay: Replay

    def to_json(self) -> dict[str, Any]:
        """A JSON-safe object; `from_json` reads it back equal."""
        return to_document(self)

    @classmethod
    def from_json(cls, document: object) -> ChallengeReport:
        """Read what `to_json` wrote. Raises InputError for anything else."""
        return from_document(cls, document, "comparison")


class ChallengeService:
    """A service that compares the detectors of one database."""

    def __init__(
        self, database: Database, forecasts: ForecastService, detectors: Detectors
    ) -> None:
        self._database = database
        self._forecasts = forecasts
        self._detectors = detectors
        self._scoring = Scoring(database, detectors)

    def compare(
        self,
        challenger: HeadOf,
        actor: str = SYSTEM,
        progress: Progress | None = None,
    ) -> ChallengeReport:
        """Compare, replay, and write down what was told. ``progress`` counts images.

        It may be left by an exception of ``progress``: whole batches stay scored, and nothing else
        is kept.

        Raises:
            InputError: the challenger is in force already.
            NotFoundError: there is no such detector, or it has no such head.
        """
        policy = self._forecasts.current()
        champion = HeadOf(policy.checkpoint, policy.head)
        if challenger.checkpoint_id == champion.checkpoint_id:
            raise InputError(Text("challenge.in_force", {"detector": champion.checkpoint_id}))
        self._detectors.threshold_grids(*challenger)
        held_out = self._held_out(champion, challenger, progress)
        found = compare(held_out.data)
        replayed = self._replay(policy, champion, challenger, progress, looking=True)
        report = _report(policy, challenger, held_out, found, replayed)
        with self._database.write() as repos:
            repos.comparisons.add(
                champion.checkpoint_id, challenger.checkpoint_id, report.to_json(), actor
            )
        return report

    def last(self, challenger_id: str) -> ChallengeReport | None:
        """What the last comparison with the detector in force told; None where there was none."""
        with self._database.read() as repos:
            now = repos.policies.current()
            row = None if now is None else repos.comparisons.last(now.checkpoint_id, challenger_id)
            return None if row is None else ChallengeReport.from_json(row.document)

    def lineage(self, homes: tuple[Path, ...]) -> list[LineageEntry]:
        """Every detector that is known here, as `read_lineage` has it."""
        return read_lineage(self._database, homes)

    def pictured(self, report: ChallengeReport) -> set[int]:
        """Those items of the report whose picture is here."""
        with self._database.read() as repos:
            items = repos.items.get_many([flip.item_id for flip in report.replay.flips])
            return {item.id for item in items if item.image.picture is not None}

    def replay(self, challenger: HeadOf, progress: Progress | None = None) -> Replay:
        """Replay alone: no label is looked at, and nothing is written down.

        Raises as `compare`.
        """
        policy = self._forecasts.current()
        champion = HeadOf(policy.checkpoint, policy.head)
        self._detectors.threshold_grids(*challenger)
        return self._replay(policy, champion, challenger, progress)

    def _held_out(
        self, champion: HeadOf, challenger: HeadOf, progress: Progress | None
    ) -> HeldOutSet:
        seen = [self._detectors.has_seen(each.checkpoint_id) for each in (champion, challenger)]
        rows = self._labels(champion, challenger)
        waiting = [
            row
            for row in rows
            if not is_scored(row)
            and not row.waits
            and not any(has_seen(row.key) for has_seen in seen)
        ]
        if waiting:
            self._score([row.item_id for row in waiting], [champion, challenger], progress)
            rows = self._labels(champion, challenger)
        return HeldOutSet.of(rows, *seen)

    def _score(
        self, item_ids: list[int], detectors: list[HeadOf], progress: Progress | None
    ) -> None:
        """Store what ``detectors`` say of the items, where they have not said it yet."""
        for start in range(0, len(item_ids), BATCH):
            with self._database.read() as repos:
                items = repos.items.get_many(item_ids[start : start + BATCH])
            for each in detectors:
                self._scoring.complete(items, each.checkpoint_id)
            if progress:
                progress(min(start + BATCH, len(item_ids)), len(item_ids))

    def _labels(self, champion: HeadOf, challenger: HeadOf) -> list[HeldOutLabel]:
        with self._database.read() as repos:
            return repos.held_out.rows(champion, challenger, utc_now())

    def _replay(
        self,
        policy: Policy,
        champion: HeadOf,
        challenger: HeadOf,
        progress: Progress | None,
        *,
        looking: bool = False,
    ) -> Replay:
        rows = self._stored(policy, champion, challenger)
        if self._kind(challenger) in MADE_OF_OTHERS:
            missing = [row.item_id for row in rows if row.challenger_p is None]
            self._score(missing, [challenger], progress)
            rows = self._stored(policy, champion, challenger) if missing else rows
        with self._database.read() as repos:
            groups = groups_of(repos, policy, [row.fact for row in rows])
        says = self._says(challenger, rows, progress)
        both = np.isfinite(says[:, 0])
        p, score = np.array([(r.champion_p, r.champion_score) for r in rows]).reshape(-1, 2).T
        coins = np.zeros(len(rows))
        now = decide_many(p, score, policy, coins, groups=groups).inclusion_probability
        routes = np.array([row.accepted or "" for row in rows], np.str_)
        queue = StoredQueue(
            item_ids=np.array([row.item_id for row in rows], np.int64)[both],
            accepted_real=(routes == "accept_real")[both],
            accepted_fake=(routes == "accept_fake")[both],
            to_people_now=now[both],
            champion=p[both],
            challenger=says[both, 0],
            score=says[both, 1],
        )
        return replay(
            queue,
            self._forecasts.prospects_of(*challenger, looking=looking),
            self._forecasts.usual().workload,
            audit_probability=policy.audit_probability,
            missing=int((~both).sum()),
        )

    def _stored(self, policy: Policy, champion: HeadOf, challenger: HeadOf) -> list[StoredDecision]:
        with self._database.read() as repos:
            return repos.stored_decisions.rows(champion, challenger, NEWEST, policy.grouping)

    def _kind(self, challenger: HeadOf) -> CheckpointKind | None:
        with self._database.read() as repos:
            row = repos.checkpoints.get(challenger.checkpoint_id)
        return None if row is None else row.kind

    def _says(
        self, challenger: HeadOf, rows: list[StoredDecision], progress: Progress | None
    ) -> np.ndarray:
        """P(fake) and score of the challenger, [n, 2]; NaN where it says nothing."""
        table = [(row.challenger_p, row.challenger_score) for row in rows]
        says = np.array(table, np.float64).reshape(-1, 2)
        if self._kind(challenger) is not CheckpointKind.TRAINED:
            return says
        missing = [at for at in np.flatnonzero(np.isnan(says[:, 0])) if rows[at].sha256]
        if missing:
            checkpoint = self._detectors.detector(challenger.checkpoint_id).checkpoint
            keys = [rows[at].sha256 or "" for at in missing]
            judge = CachedScores(self._database, self._detectors, checkpoint, challenger.head)
            says[missing] = judge.of(keys, progress)
        return says


def _report(
    policy: Policy,
    challenger: HeadOf,
    held_out: HeldOutSet,
    found: Comparison,
    replayed: Replay,
) -> ChallengeReport:
    times = (held_out.since, held_out.until)
    since, until = (None if time is None else time.isoformat() for time in times)
    used = LabelsUsed(
        **held_out.counts,
        seen=held_out.seen,
        unscored=held_out.unscored,
        since=since,
        until=until,
    )
    return ChallengeReport(
        champion=policy.checkpoint,
        champion_head=policy.head,
        challenger=challenger.checkpoint_id,
        challenger_head=challenger.head,
        policy_version=policy.version,
        labels=used,
        overall=found.overall,
        parts=found.parts,
        metrics=found.metrics,
        recommendation=recommend(found),
        replay=replayed,
    )


def figures(report: ChallengeReport) -> dict[str, Any]:
    """What a decision in the log keeps of the comparison that it rests on."""
    overall, advice = report.overall, report.recommendation
    return {
        "labels": overall.labels,
        "difference": overall.difference,
        "low": overall.low,
        "high": overall.high,
        **{name: value for name, value in asdict(advice).items() if name != "parts"},
    }
