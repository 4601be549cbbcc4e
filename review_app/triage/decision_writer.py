"""A batch's decisions are put into force here: decisions, states, places and the record of it, all
or none.

What takes time is worked out before the write begins, so that people take and answer meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.certification.threshold_grid import Side
from review_app.policy.audit_coin import audit_coins
from review_app.policy.policy import Policy
from review_app.policy.routing import Decision
from review_app.queueing.overlap import Decided, ask_second
from review_app.queueing.ranking import PlacesOfRun, RankInput
from review_app.triage.batch import Batch, decide_batch
from review_app.triage.report import TriageReport
from storage.database import Database
from storage.enums import AuditKind, ItemState, LabelValue, PlacedBy, Route
from storage.repositories import Repositories
from storage.repositories.batches import Alike
from storage.repositories.items import Move
from storage.repositories.queue import Ranks, WaitingQueue
from storage.repositories.triage_candidates import TriageCandidate, TriageCandidates
from storage.types import utc_now

CALIBRATION_SPLIT = "calibration"
"""Items of this split with a known label are measured, and settled by that label."""


@dataclass(frozen=True)
class TriageRun:
    """The run of triage: what stays the same while it goes over the queue."""

    actor: str
    state: ItemState
    """The state of the items it looks at: pending, or in review."""
    started: float
    """The start of the run, in seconds since 1970."""
    places: PlacesOfRun
    report: TriageReport


@dataclass(frozen=True)
class Chunk:
    """Items that are decided together."""

    candidates: list[TriageCandidate]
    """Those that have scores, by id."""
    failures: Mapping[int, str]
    """Why the others have none, by item id."""

    def __len__(self) -> int:
        return len(self.candidates) + len(self.failures)


def triage_candidates(repos: Repositories, state: ItemState, policy: Policy) -> TriageCandidates:
    """What ``policy`` may decide of the items in ``state``."""
    real, fake = policy.threshold(Side.REAL), policy.threshold(Side.FAKE)
    # Beyond a threshold the score alone decides, and other heads are no reason for anything.
    # Under a policy by groups that differs from group to group.
    between = (-math.inf if real is None else real, math.inf if fake is None else fake)
    return TriageCandidates(
        repos.session,
        state,
        policy.version,
        policy.checkpoint,
        policy.head,
        between,
        policy.grouping,
    )


class DecisionWriter:
    """A writer that applies policies to chunks of one database's queue. ``secret``: draws coins and
    places."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._secret = secret

    def apply(self, chunk: Chunk, policy: Policy, run: TriageRun) -> bool:
        """Decide the chunk, unless another policy came into force, and tell whether it was decided.

        Items that somebody moved or took meanwhile are left alone.
        """
        if not chunk:
            return True  # they took them all
        with self._database.read() as repos:
            batch = decide_batch(repos, chunk.candidates, policy, self._secret)
            ranks = self._ranks(repos, batch, policy, run)
        with self._database.write(durable=False) as repos:
            newest = repos.policies.current()
            if newest is None or newest.version != policy.version:
                return False
            ids = [*(c.item_id for c in chunk.candidates), *chunk.failures]
            ours = triage_candidates(repos, run.state, policy).still(min(ids), max(ids))
            self._fail(repos, {i: why for i, why in chunk.failures.items() if i in ours}, run)
            self._write(repos, batch.only(ours), ranks, policy, run)
        run.report.policy_version = policy.version
        return True

    def _fail(self, repos: Repositories, failures: Mapping[int, str], run: TriageRun) -> None:
        """What waits for people stays with them: they need no score to answer."""
        if run.state is ItemState.PENDING:
            moves = [
                Move(item_id, ItemState.FAILED, AuditKind.FAILED, {"reason": why})
                for item_id, why in failures.items()
            ]
            repos.items.move(run.actor, moves)
        run.report.failed += len(failures)

    def _write(
        self,
        repos: Repositories,
        batch: Batch,
        ranks: Ranks,
        policy: Policy,
        run: TriageRun,
    ) -> None:
        if not batch:
            return
        now = utc_now()
        first, last = batch.candidates[0].item_id, batch.candidates[-1].item_id
        known = repos.known_labels.of_split(CALIBRATION_SPLIT, first, last)
        shared = {"checkpoint_id": policy.checkpoint, "head": policy.head, "decided_at": now}
        alike = [Alike(ids, _columns(decision) | shared) for decision, ids in batch.groups()]
        repos.batches.add(AuditKind.TRIAGED, run.actor, alike, _about(batch, policy))
        settled = [(c, d) for c, d in batch if c.item_id in known] if known else []
        repos.items.move(run.actor, [_settle(c, d, known[c.item_id]) for c, d in settled])
        accepted, waiting = _by_route(batch, known.keys())
        repos.items.accept(accepted, run.state, now)
        self._place(repos, ranks.only(waiting), now, run)
        if run.state is ItemState.PENDING:
            people = set(waiting)
            fresh = (Decided(c.item_id, c.key, d) for c, d in batch if c.item_id in people)
            ask_second(repos, policy, fresh, self._secret)
        run.report.scored += len(batch)
        run.report.calibration += len(settled)
        run.report.auto_accepted += len(accepted)
        run.report.to_review += len(waiting)

    def _place(self, repos: Repositories, ranks: Ranks, now: datetime, run: TriageRun) -> None:
        if run.state is ItemState.PENDING:
            repos.items.send_to_people(ranks, run.state, AuditKind.TRIAGED, now)
        else:
            WaitingQueue(repos.session).place(ranks)

    def _ranks(self, repos: Repositories, batch: Batch, policy: Policy, run: TriageRun) -> Ranks:
        """Places by the order in use. Oldest first, what waits keeps its own; older
        runs come first, and within a run the order tells nothing."""
        by_worth = run.places.under(repos, policy)
        placed_by = PlacedBy.TIME if by_worth is None else by_worth.placed_by
        if by_worth is None and run.state is not ItemState.PENDING:
            return Ranks({}, placed_by)
        to_people = [(c, d) for c, d in batch if d.route is Route.REVIEW]
        if by_worth is None:
            coins = audit_coins((c.key for c, _ in to_people), 0, self._secret)
            ranks = [run.started + coin for coin in coins]
        else:
            ranks = by_worth.ranks([_placeable(c, d) for c, d in to_people])
        by_item = dict(zip((c.item_id for c, _ in to_people), ranks, strict=True))
        return Ranks(by_item, placed_by)


def _placeable(candidate: TriageCandidate, decision: Decision) -> RankInput:
    assert candidate.p_fake is not None  # it was decided on
    assert candidate.std is not None
    return RankInput(
        candidate.key, candidate.p_fake, candidate.std, candidate.novelty, decision.audited
    )


def _columns(decision: Decision) -> dict[str, Any]:
    """What the log keeps of a decision beside the item and its scores."""
    accepted = decision.proposal is not Route.REVIEW
    return {
        "policy_version": decision.policy_version,
        "route": decision.route,
        "proposal": decision.proposal if accepted else None,
        "reasons": [reason.value for reason in decision.reasons],
        "mark": decision.flag,
        "audited": decision.audited,
        "audit_probability": decision.audit_probability,
        "inclusion_probability": decision.inclusion_probability,
        "group_name": decision.group,
    }


def _about(batch: Batch, policy: Policy) -> dict[str, Any]:
    """What the audit log says of a batch. That some were audited is for the decisions to tell."""
    routes = {route.value: 0 for route in Route}
    for decision, ids in batch.groups():
        routes[decision.route.value] += len(ids)
    return {"policy_version": policy.version, "routes": routes}


def _by_route(batch: Batch, settled: AbstractSet[int]) -> tuple[list[int], list[int]]:
    """The ids of items that are accepted and of those that go to people, but for ``settled``."""
    accepted: list[int] = []
    waiting: list[int] = []
    for decision, ids in batch.groups():
        to_people = decision.route is Route.REVIEW
        (waiting if to_people else accepted).extend(i for i in ids if i not in settled)
    return accepted, waiting


def _settle(candidate: TriageCandidate, decision: Decision, known: LabelValue) -> Move:
    """The one change of state that a decision's route does not tell, so it has its own event."""
    details = {
        "route": decision.route.value,
        "policy_version": decision.policy_version,
        "known_label": known.value,
    }
    values = {"verdict": known}
    return Move(candidate.item_id, ItemState.RESOLVED, AuditKind.TRIAGED, details, values)
