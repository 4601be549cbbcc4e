"""Scores what is pending, decides under the policy in force, and moves each item once.

A batch is scored outside any transaction and written in one: an interrupted run leaves whole
batches done and the rest pending, and the next run goes on from there. The policy is asked for
again with every batch, so that closing auto-accept also stops a run that is under way.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from review_app.detector.service import Opinion
from review_app.triage.audit import audit_coin
from review_app.triage.governance import PolicyDesk
from review_app.triage.placing import Placeable, PlacesOfRun, misplaced, reorder
from review_app.triage.policy import Policy
from review_app.triage.record import cuts_of
from review_app.triage.rescoring import rescore
from review_app.triage.routing import Decision, Route, Scores, annotated, decide
from review_app.triage.scoring import BATCH, Opinions, Scorer, Scoring
from review_app.triage.second_answers import Decided, ask_second
from review_app.triage.wording import count
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue
from storage.models import Item, Prediction
from storage.repositories import Repositories
from storage.repositories.items import Move
from storage.repositories.queue import WaitingQueue

CALIBRATION_SPLIT = "calibration"
"""Items of this split with a known label are measured, and settled by that label."""

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


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
    rescored: int = 0
    """Labelled items that only an older detector had scored, and now the one in force; not among
    the scored."""

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
            self.rescored + other.rescored,
        )

    @property
    def rescored_words(self) -> str:
        """A sentence about the labels that count from now on; empty where there is none."""
        if not self.rescored:
            return ""
        images = count(self.rescored, "labelled image")
        return f" {images} now scored by the detector in force too: their labels may count."

    def to_json(self) -> dict[str, Any]:
        """The document of ``triage --json``."""
        return {
            "scored": self.scored,
            "auto_accepted": self.auto_accepted,
            "to_review": self.to_review,
            "failed": self.failed,
            "images_per_second": self.images_per_second,
            "policy_version": self.policy_version,
        }


class TriageService:
    """Runs the policy over the queue of one database.

    ``secret``: draws the audit coins. ``before``: called at the start of every run; the circuit
    breaker's check.
    """

    def __init__(
        self,
        database: Database,
        policies: PolicyDesk,
        scorer: Scorer,
        secret: bytes,
        before: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._policies = policies
        self._scoring = Scoring(database, scorer)
        self._secret = secret
        self._before = before

    def run(self, actor: str, progress: Progress | None = None) -> TriageReport:
        """Score and route every pending item. Run again, it finds nothing to do."""
        return self._run(actor, self._pending, self._count(ItemState.PENDING), progress)

    def retriage(self, actor: str, progress: Progress | None = None) -> TriageReport:
        """Apply the policy in force to items that wait and that nobody has touched."""
        return self._run(actor, self._untouched, self._count(ItemState.IN_REVIEW), progress)

    def reorder(self) -> int:
        """Give all that waits its place by the order in use; how many were placed."""
        return reorder(self._database, self._policies.current, self._secret)

    def keep_order(self) -> int:
        """Reorder, but only where something waits at a place by another order than the one in use,
        as after auto-accept has opened or closed; how many were placed."""
        with self._database.read() as repos:
            if not misplaced(repos):
                return 0
        return self.reorder()

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
        self._before()
        self.keep_order()
        report = TriageReport(self._policies.current().version)
        started = time.time()
        clock = time.perf_counter()
        places = PlacesOfRun(self._secret)
        done = 0
        for items in source():
            self._triage(items, actor, started, places, report)
            done += len(items)
            if progress:
                progress(done, max(total, done))
        if progress and done:
            progress(done, done)
        seconds = time.perf_counter() - clock
        report.images_per_second = round(report.scored / seconds, 2) if report.scored else 0.0
        report.rescored = rescore(self._database, self._policies, self._scoring, progress)
        return report

    def _triage(
        self,
        items: Sequence[Item],
        actor: str,
        started: float,
        places: PlacesOfRun,
        report: TriageReport,
    ) -> None:
        """Score one batch and decide on it under the policy that is in force on writing."""
        while True:
            policy = self._policies.current()
            scored = self._score(items, policy)
            with self._database.write() as repos:
                newest = repos.policies.current()
                if newest is None or newest.version != policy.version:
                    continue  # it changed while the batch was scored
                self._write(repos, actor, policy, items, scored, started, places, report)
            report.policy_version = policy.version
            return

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
            return repos.items.count(state)

    def _score(self, items: Sequence[Item], policy: Policy) -> dict[int, Opinions | str]:
        """What every head says of each item, or why there is nothing."""
        found: dict[int, Opinions | str] = {}
        found |= self._scoring.complete(items, policy.checkpoint)
        with self._database.read() as repos:
            stored = repos.predictions.of_images([i.image_id for i in items], policy.checkpoint)
        for item in items:
            if item.image_id in stored:
                found[item.id] = {n: _opinion(row) for n, row in stored[item.image_id].items()}
        return found

    def _write(
        self,
        repos: Repositories,
        actor: str,
        policy: Policy,
        items: Sequence[Item],
        scored: Mapping[int, Opinions | str],
        started: float,
        places: PlacesOfRun,
        report: TriageReport,
    ) -> None:
        """Decisions and moves of one batch. Items that moved meanwhile are left alone."""
        known = repos.known_labels.of_items([item.id for item in items])
        novelty = repos.checkpoints.novelty(policy.checkpoint)
        cut = math.inf if novelty is None else novelty.cut
        cuts = cuts_of(repos, policy)
        disputed = WaitingQueue(repos.session).near_disputed([item.id for item in items])
        moves: list[Move] = []
        decided: list[tuple[Item, Decision, Scores]] = []
        for item in items:
            if not _is_ours(repos, item, policy):
                continue
            opinions = scored[item.id]
            if isinstance(opinions, str):
                report.failed += 1
                reason = {"reason": opinions}
                moves.append(Move(item.id, ItemState.FAILED, AuditKind.FAILED, reason))
                continue
            scores = _scores(opinions, policy.head, cut)
            coin = audit_coin(item.image.key, policy.version, self._secret)
            found = decide(scores, policy, coin, cuts)
            decision = annotated(found, near_disputed=item.id in disputed)
            decided.append((item, decision, scores))
        ranks = self._ranks(repos, policy, decided, started, places)
        for (item, decision, _), rank in zip(decided, ranks, strict=True):
            move = _move(item, decision, known.get(item.id), rank)
            moves.append(move)
            report.count(move.to_state)
        repos.decisions.add_many([_row(*each, policy) for each in decided])
        repos.items.move(actor, moves)
        fresh = [each for each in decided if each[0].state is ItemState.PENDING]
        asked = [Decided(item.id, item.image.key, decision) for item, decision, _ in fresh]
        ask_second(repos, policy, asked, self._secret)

    def _ranks(
        self,
        repos: Repositories,
        policy: Policy,
        decided: Sequence[tuple[Item, Decision, Scores]],
        started: float,
        places: PlacesOfRun,
    ) -> list[float | None]:
        """Places by the order in use. Oldest first, what waits already keeps its own."""
        by_worth = places.under(repos, policy)
        if by_worth is None:
            return [
                started + self._shuffle(item.image.key) if item.state is ItemState.PENDING else None
                for item, _, _ in decided
            ]
        return list(
            by_worth.ranks(
                [
                    Placeable(
                        item.image.key,
                        scores.p_fake,
                        scores.std,
                        scores.novelty,
                        decision.audited,
                    )
                    for item, decision, scores in decided
                ]
            )
        )

    def _shuffle(self, key: str) -> float:
        """In [0, 1): older runs come first, and within a run the order tells nothing."""
        return audit_coin(key, 0, self._secret)


def _is_ours(repos: Repositories, item: Item, policy: Policy) -> bool:
    """Whether the item is still as it was read: not moved, not claimed, not decided by now."""
    now = repos.items.get(item.id)
    if now is None or now.state is not item.state:
        return False
    if item.state is ItemState.PENDING:
        return True
    if repos.claims.ever_on(item.id):
        return False
    last = repos.decisions.of_item(item.id)
    return last is None or last.policy_version != policy.version


def _opinion(row: Prediction) -> Opinion:
    return Opinion(row.p_fake, row.std, row.entropy, row.mutual_information, row.score, row.novelty)


def _scores(opinions: Opinions, head: str, cut: float) -> Scores:
    """Those of ``head``; above the ``cut`` an image is unlike the training images."""
    own = opinions[head]
    return Scores(
        **asdict(own),
        unlike=own.novelty is not None and own.novelty > cut,
        heads={name: opinion.p_fake for name, opinion in opinions.items()},
    )


def _row(item: Item, decision: Decision, scores: Scores, policy: Policy) -> dict[str, Any]:
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
        "score": scores.score,
        "novelty": scores.novelty,
        "mark": decision.mark,
        "audited": decision.audited,
        "audit_probability": decision.audit_probability,
        "inclusion_probability": decision.inclusion_probability,
    }


def _move(item: Item, decision: Decision, known: LabelValue | None, rank: float | None) -> Move:
    details = {
        "route": decision.route.value,
        "reasons": [reason.value for reason in decision.reasons],
        "policy_version": decision.policy_version,
    }
    if item.split == CALIBRATION_SPLIT and known is not None:
        details["known_label"] = known.value
        return Move(item.id, ItemState.RESOLVED, AuditKind.TRIAGED, details, {"verdict": known})
    if decision.route is Route.REVIEW:
        values = {} if rank is None else {"rank": rank}
        return Move(item.id, ItemState.IN_REVIEW, AuditKind.TRIAGED, details, values)
    return Move(item.id, ItemState.AUTO_ACCEPTED, AuditKind.TRIAGED, details)
