"""Scores what is pending, decides under the policy in force, and moves each item once.

A batch is scored outside any transaction and written in one: an interrupted run leaves whole
batches done and the rest pending, and the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from review_app.triage.audit import audit_coin
from review_app.triage.governance import PolicyDesk
from review_app.triage.policy import Policy
from review_app.triage.routing import Decision, Route, Scores, decide
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import Item
from storage.repositories import Repositories
from storage.repositories.items import Move

BATCH = 64
CALIBRATION_SPLIT = "calibration"
"""Items of this split with a known label are measured, and settled by that label."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True)
class HeadScores:
    """One head's answer for one image; entropy and mutual information in nats."""

    p_fake: float
    std: float
    entropy: float
    mutual_information: float


Scored = Mapping[str, HeadScores]
"""Answers by head."""


class Scorer(Protocol):
    """Scores stored images with one checkpoint."""

    def score(self, items: Sequence[Item], checkpoint_id: str) -> dict[int, Scored | str]:
        """By item id: the answers of every head, or in words why there are none."""
        ...


@dataclass
class TriageReport:
    """What a run did."""

    policy_version: int
    scored: int = 0
    auto_accepted: int = 0
    to_review: int = 0
    failed: int = 0
    calibration: int = 0
    """Scored for calibration only: their labels are known, and nobody is asked."""
    images_per_second: float = 0.0

    def count(self, state: ItemState) -> None:
        """Count one scored item by where it went."""
        self.scored += 1
        self.auto_accepted += state is ItemState.AUTO_ACCEPTED
        self.to_review += state is ItemState.IN_REVIEW
        self.calibration += state is ItemState.RESOLVED

    def __add__(self, other: TriageReport) -> TriageReport:
        """Both runs as one; the speed is that of the one that scored more."""
        faster = max((self, other), key=lambda report: report.scored)
        return TriageReport(
            other.policy_version,
            self.scored + other.scored,
            self.auto_accepted + other.auto_accepted,
            self.to_review + other.to_review,
            self.failed + other.failed,
            self.calibration + other.calibration,
            faster.images_per_second,
        )

    def to_json(self) -> dict[str, Any]:
        """The document of ``triage --json``."""
        return asdict(self)


class TriageService:
    """Runs the policy over the queue of one database. ``secret``: draws the audit coins."""

    def __init__(
        self, database: Database, policies: PolicyDesk, scorer: Scorer, secret: bytes
    ) -> None:
        self._database = database
        self._policies = policies
        self._scorer = scorer
        self._secret = secret

    def run(self, actor: str, progress: Progress | None = None) -> TriageReport:
        """Score and route every pending item. Run again, it finds nothing to do."""
        return self._run(actor, self._pending, self._count(ItemState.PENDING), progress)

    def retriage(self, actor: str, progress: Progress | None = None) -> TriageReport:
        """Apply the policy in force to items that wait and that nobody has touched."""
        return self._run(actor, self._untouched, self._count(ItemState.IN_REVIEW), progress)

    def retry_failed(self, actor: str) -> int:
        """Put failed items back to pending; how many there were."""
        retried = 0
        with self._database.write() as repos:
            while items := repos.items.in_state(ItemState.FAILED, BATCH):
                moves = [Move(i.id, ItemState.PENDING, AuditKind.RETRIED) for i in items]
                repos.items.move(actor, moves)
                repos.session.expire_all()
                retried += len(items)
        return retried

    def _run(
        self,
        actor: str,
        source: Callable[[], Iterator[list[Item]]],
        total: int,
        progress: Progress | None,
    ) -> TriageReport:
        policy = self._policies.current()
        report = TriageReport(policy.version)
        started = time.time()
        clock = time.perf_counter()
        done = 0
        for items in source():
            scored = self._score(items, policy)
            with self._database.write() as repos:
                self._write(repos, actor, policy, items, scored, started, report)
            done += len(items)
            if progress:
                progress(done, max(total, done))
        seconds = time.perf_counter() - clock
        report.images_per_second = round(report.scored / seconds, 2) if report.scored else 0.0
        return report

    def _pending(self) -> Iterator[list[Item]]:
        return self._portions(
            lambda repos, after: repos.items.in_state(ItemState.PENDING, BATCH, after)
        )

    def _untouched(self) -> Iterator[list[Item]]:
        return self._portions(lambda repos, after: repos.items.untouched_in_review(BATCH, after))

    def _portions(self, query: Callable[[Repositories, int], list[Item]]) -> Iterator[list[Item]]:
        after = 0
        while True:
            with self._database.read() as repos:
                items = query(repos, after)
            if not items:
                return
            yield items
            after = items[-1].id

    def _count(self, state: ItemState) -> int:
        with self._database.read() as repos:
            return repos.counts.by_state()[state]

    def _score(self, items: Sequence[Item], policy: Policy) -> dict[int, Scored | str]:
        """Stored predictions where this checkpoint has made them, fresh ones elsewhere."""
        with self._database.read() as repos:
            stored = repos.predictions.of_images([i.image_id for i in items], policy.checkpoint)
        found: dict[int, Scored | str] = {
            item.id: {
                name: HeadScores(row.p_fake, row.std, row.entropy, row.mutual_information)
                for name, row in stored[item.image_id].items()
            }
            for item in items
            if item.image_id in stored
        }
        missing = [item for item in items if item.id not in found]
        fresh = self._scorer.score(missing, policy.checkpoint) if missing else {}
        self._keep(missing, fresh, policy)
        return {**found, **fresh}

    def _keep(
        self, items: Sequence[Item], fresh: Mapping[int, Scored | str], policy: Policy
    ) -> None:
        rows = [
            {"image_id": item.image_id, "checkpoint_id": policy.checkpoint, "head": head}
            | asdict(scores)
            for item in items
            if not isinstance(answers := fresh[item.id], str)
            for head, scores in answers.items()
        ]
        with self._database.write() as repos:
            repos.predictions.add_many(rows)

    def _write(
        self,
        repos: Repositories,
        actor: str,
        policy: Policy,
        items: Sequence[Item],
        scored: Mapping[int, Scored | str],
        started: float,
        report: TriageReport,
    ) -> None:
        """Decisions and moves of one batch. Items that moved meanwhile are left alone."""
        known = repos.known_labels.of_items([item.id for item in items])
        moves: list[Move] = []
        rows: list[dict[str, Any]] = []
        for item in items:
            if not _is_ours(repos, item, policy):
                continue
            answers = scored[item.id]
            if isinstance(answers, str):
                report.failed += 1
                reason = {"reason": answers}
                moves.append(Move(item.id, ItemState.FAILED, AuditKind.FAILED, reason))
                continue
            scores = _scores(answers, policy.head)
            coin = audit_coin(item.image.sha256, policy.version, self._secret)
            decision = decide(scores, policy, coin)
            rows.append(_row(item, policy, decision, scores))
            move = _move(item, decision, known.get(item.id), started + self._shuffle(item))
            moves.append(move)
            report.count(move.to_state)
        repos.decisions.add_many(rows)
        repos.items.move(actor, moves)

    def _shuffle(self, item: Item) -> float:
        """In [0, 1): older runs come first, and within a run the order tells nothing."""
        return audit_coin(item.image.sha256, 0, self._secret)


def _is_ours(repos: Repositories, item: Item, policy: Policy) -> bool:
    """Whether the item is still as it was read: not moved, not claimed, not decided by now."""
    now = repos.items.get(item.id)
    if now is None or (now.state, now.open_slots) != (item.state, item.open_slots):
        return False
    if item.state is ItemState.PENDING:
        return True
    last = repos.decisions.of_item(item.id)
    return last is None or last.policy_version != policy.version


def _scores(answers: Scored, head: str) -> Scores:
    own = answers[head]
    others = {name: scores.p_fake for name, scores in answers.items()}
    return Scores(own.p_fake, own.std, own.entropy, own.mutual_information, others)


def _row(item: Item, policy: Policy, decision: Decision, scores: Scores) -> dict[str, Any]:
    accepted = decision.proposal is not Route.REVIEW
    return {
        "item_id": item.id,
        "policy_version": policy.version,
        "checkpoint_id": policy.checkpoint,
        "head": policy.head,
        "route": decision.route.value,
        "proposal": decision.proposal.value if accepted else None,
        "reasons": [reason.value for reason in decision.reasons],
        "p_fake": scores.p_fake,
        "std": scores.std,
        "entropy": scores.entropy,
        "mutual_information": scores.mutual_information,
        "audited": decision.audited,
        "audit_probability": decision.audit_probability,
        "inclusion_probability": decision.inclusion_probability,
    }


def _move(item: Item, decision: Decision, known: LabelValue | None, rank: float) -> Move:
    details = {
        "route": decision.route.value,
        "reasons": [reason.value for reason in decision.reasons],
        "policy_version": decision.policy_version,
    }
    if item.split == CALIBRATION_SPLIT and known is not None:
        details["known_label"] = known.value
        return Move(item.id, ItemState.RESOLVED, AuditKind.TRIAGED, details, {"verdict": known})
    if decision.route is Route.REVIEW:
        # An item that waits already keeps its place.
        values = {"rank": rank} if item.state is ItemState.PENDING else {}
        return Move(item.id, ItemState.IN_REVIEW, AuditKind.TRIAGED, details, values)
    return Move(item.id, ItemState.AUTO_ACCEPTED, AuditKind.TRIAGED, details)
