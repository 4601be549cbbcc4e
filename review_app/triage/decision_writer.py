"""A batch's decisions are put into force here: decisions, states, places and the record of it, all
or none.

What takes time is worked out before the write begins, so that people take and answer meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any

import numpy as np

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
from storage.repositories.triage_candidates import CandidateColumns, TriageCandidates
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
class Draft:
    """Decisions on a policy's candidates and places for them, worked out before they are
    written."""

    batch: Batch
    ranks: Ranks


@dataclass(frozen=True)
class Chunk:
    """Items that are decided together."""

    draft: Draft
    """The draft of those that have scores."""
    failures: Mapping[int, str]
    """Why the others have none, by item id."""

    def __len__(self) -> int:
        return len(self.draft.batch) + len(self.failures)

    @property
    def span(self) -> tuple[int, int]:
        """The lowest and the highest id of an item; there must be one."""
        scored = self.draft.batch.candidates.item_id
        ids = [*scored[:1].tolist(), *scored[-1:].tolist(), *self.failures]
        return min(ids), max(ids)


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

    def draft(
        self, repos: Repositories, candidates: CandidateColumns, policy: Policy, run: TriageRun
    ) -> Draft:
        """Decide on ``candidates``, which have scores; nothing is written."""
        batch = decide_batch(repos, candidates, policy, self._secret)
        return Draft(batch, self._ranks(repos, batch, policy, run))

    def apply(self, chunk: Chunk, policy: Policy, run: TriageRun) -> bool:
        """Put the chunk into force, unless another policy came, and tell whether it is.

        Items that somebody moved or took meanwhile are left alone.
        """
        if not chunk:
            return True  # they took them all
        with self._database.read() as repos:
            batch = chunk.draft.batch.noted(repos)
        with self._database.write(durable=False) as repos:
            newest = repos.policies.current()
            if newest is None or newest.version != policy.version:
                return False
            ours = triage_candidates(repos, run.state, policy).still(*chunk.span)
            if chunk.failures:
                self._fail(repos, chunk.failures, frozenset(ours.tolist()), run)
            self._write(repos, batch.only(ours), chunk.draft.ranks, policy, run)
        run.report.policy_version = policy.version
        return True

    def _fail(
        self,
        repos: Repositories,
        failures: Mapping[int, str],
        ours: AbstractSet[int],
        run: TriageRun,
    ) -> None:
        """What waits for people stays with them: they need no score to answer."""
        still = {item_id: why for item_id, why in failures.items() if item_id in ours}
        if run.state is ItemState.PENDING:
            moves = [
                Move(item_id, ItemState.FAILED, AuditKind.FAILED, {"reason": why})
                for item_id, why in still.items()
            ]
            repos.items.move(run.actor, moves)
        run.report.failed += len(still)

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
        item_ids, groups = batch.candidates.item_id, batch.groups()
        known = repos.known_labels.of_split(CALIBRATION_SPLIT, *item_ids[[0, -1]].tolist())
        shared = {"checkpoint_id": policy.checkpoint, "head": policy.head, "decided_at": now}
        alike = [Alike(ids, _columns(decision) | shared) for decision, ids in groups]
        repos.batches.add(AuditKind.TRIAGED, run.actor, alike, _about(groups, policy))
        is_known = np.isin(item_ids, np.fromiter(known, np.int64))
        settled = np.flatnonzero(is_known).tolist()
        repos.items.move(run.actor, [_settle(batch, at, known) for at in settled])
        accepted = item_ids[~is_known & ~batch.to_people].tolist()
        repos.items.accept(accepted, run.state, now)
        places = np.flatnonzero(~is_known & batch.to_people)
        waiting = item_ids[places].tolist()
        self._place(repos, ranks.only(waiting), now, run)
        if run.state is ItemState.PENDING:
            fresh = (_decided(batch, at) for at in places.tolist())
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
        if not batch:  # nothing is known of the stream yet that places could be made from
            return Ranks({}, PlacedBy.TIME)
        by_worth = run.places.under(repos, policy)
        placed_by = PlacedBy.TIME if by_worth is None else by_worth.placed_by
        if by_worth is None and run.state is not ItemState.PENDING:
            return Ranks({}, placed_by)
        to_people = batch.to_people
        if by_worth is None:
            coins = audit_coins(compress(batch.candidates.key, to_people), 0, self._secret)
            ranks = [run.started + coin for coin in coins]
        else:
            places = np.flatnonzero(to_people).tolist()
            ranks = by_worth.ranks([_placeable(batch, at) for at in places])
        ids = batch.candidates.item_id[to_people].tolist()
        return Ranks(dict(zip(ids, ranks, strict=True)), placed_by)


def _placeable(batch: Batch, at: int) -> RankInput:
    """What the place in the queue is made from, of the item ``at`` this one in the batch."""
    found = batch.candidates
    novelty = float(found.novelty[at])
    return RankInput(
        found.key[at],
        float(found.p_fake[at]),
        float(found.std[at]),
        None if math.isnan(novelty) else novelty,
        batch.decisions[batch.which[at]].audited,
    )


def _decided(batch: Batch, at: int) -> Decided:
    found = batch.candidates
    return Decided(int(found.item_id[at]), found.key[at], batch.decisions[batch.which[at]])


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


def _about(groups: Iterable[tuple[Decision, list[int]]], policy: Policy) -> dict[str, Any]:
    """What the audit log says of a batch. That some were audited is for the decisions to tell."""
    routes = {route.value: 0 for route in Route}
    for decision, ids in groups:
        routes[decision.route.value] += len(ids)
    return {"policy_version": policy.version, "routes": routes}


def _settle(batch: Batch, at: int, known: Mapping[int, LabelValue]) -> Move:
    """The one change of state that a decision's route does not tell, so it has its own event."""
    item_id, decision = int(batch.candidates.item_id[at]), batch.decisions[batch.which[at]]
    details = {
        "route": decision.route.value,
        "policy_version": decision.policy_version,
        "known_label": known[item_id].value,
    }
    values = {"verdict": known[item_id]}
    return Move(item_id, ItemState.RESOLVED, AuditKind.TRIAGED, details, values)
