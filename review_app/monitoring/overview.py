"""An overview of the queue, for the admin's first screen and ``stats``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from review_app.certification.threshold_grid import Side
from review_app.i18n import t
from review_app.policy.policy import Policy
from review_app.policy.policy_text import describe
from review_app.queueing.options import order_in_use
from review_app.queueing.order import Order
from storage.database import Database
from storage.enums import CountKind, ItemState, PolicyState, TriageFlag
from storage.repositories import Repositories
from storage.repositories.counts import ReviewerCounts, ScoredItem
from storage.types import utc_now

RECENT = timedelta(days=7)
"""How far back the share of unlike images looks."""
UNLIKE_AMONG, FLAGS_AMONG = 5_000, 20_000
"""How many of the newest images are looked at for that share, and for flags: enough to tell
something, and no more where there are a million."""
STALE = timedelta(days=1)
"""An item that has waited this long is worth a word."""
_WITH_PEOPLE = (ItemState.IN_REVIEW, ItemState.ESCALATED, ItemState.RESOLVED)


@dataclass(frozen=True)
class Unlike:
    """The images that came in lately and are unlike the detector's training images: where the
    stream drifts, this tells first."""

    measured: int
    unlike: int
    usual: float
    """The same share of the detector's validation images."""

    @property
    def share(self) -> float:
        """The share of the measured images that is unlike, in [0, 1]."""
        return self.unlike / self.measured


@dataclass(frozen=True)
class FlagCounts:
    """Images in people's hands, of the newest `FLAGS_AMONG`, by what else they are good for."""

    retrain: int
    retrain_labelled: int
    """Those of them that people have settled."""
    unclear: int
    """Marked for a second reviewer."""
    unclear_labelled: int


@dataclass(frozen=True)
class Overview:
    """The queue, the policy and the people at one moment."""

    states: dict[ItemState, int]
    waiting_since: datetime | None
    """The time at which the oldest item that waits for people came to them."""
    policy_state: PolicyState
    policy_version: int | None
    policy_words: str
    labels: int
    known_labels: int
    live_claims: int
    accepted_today: int
    labelled_today: int
    reviewers: list[ReviewerCounts]
    needs: list[str]
    """What needs the admin now, a sentence each in the reader's language; empty when nothing
    does."""
    order: Order
    """The order in which people get the images that wait."""
    flags: FlagCounts
    unlike: Unlike | None
    """The images of the last `RECENT` that are unlike the training images; None where nothing
    measured it."""
    escalated_since: datetime | None = None
    """The time at which the oldest item that waits for an admin came to people, before it was
    escalated."""

    @property
    def total(self) -> int:
        """Items in all states."""
        return sum(self.states.values())


@dataclass(frozen=True)
class ScoreMap:
    """Items as points of score against standard deviation, with the policy's thresholds."""

    points: list[ScoredItem]
    head: str
    threshold_real: float | None
    threshold_fake: float | None


def stats(database: Database) -> dict[str, Any]:
    """The document of ``stats --json``; the states add up to the total."""
    with database.read() as repos:
        states = repos.tallies.by_state()
        return {
            "items": {"total": sum(states.values()), **{s.value: n for s, n in states.items()}},
            "labels": repos.tallies.count(CountKind.LABEL),
            "reviewers": repos.counts.reviewers(),
        }


def overview(database: Database, now: datetime | None = None) -> Overview:
    """Everything the first screen shows, from one snapshot."""
    now = now or utc_now()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with database.read() as repos:
        states = repos.tallies.by_state()
        policy = _policy(repos)
        waiting_since = repos.counts.oldest_in(ItemState.IN_REVIEW)
        return Overview(
            states=states,
            waiting_since=waiting_since,
            policy_state=policy.state if policy else PolicyState.LEARNING,
            policy_version=policy.version if policy else None,
            policy_words=describe(policy) if policy else t("overview.not_triaged"),
            labels=repos.tallies.count(CountKind.LABEL),
            known_labels=repos.tallies.count(CountKind.KNOWN_LABEL),
            live_claims=repos.counts.live_claims(),
            accepted_today=repos.tallies.count(CountKind.AUTO_ACCEPTED, midnight),
            labelled_today=repos.tallies.count(CountKind.LABEL, midnight),
            reviewers=repos.counts.per_reviewer(),
            needs=_needs(states, policy, waiting_since, now),
            order=order_in_use(repos),
            flags=_flags(repos),
            unlike=_unlike(repos, policy, now - RECENT),
            escalated_since=repos.counts.oldest_in(ItemState.ESCALATED),
        )


def score_map(database: Database, limit: int = 4000) -> ScoreMap:
    """The newest ``limit`` scored items; none before the first triage."""
    with database.read() as repos:
        policy = _policy(repos)
        if policy is None:
            return ScoreMap([], "", None, None)
        return ScoreMap(
            points=repos.counts.scored(policy.checkpoint, policy.head, limit),
            head=policy.head,
            threshold_real=policy.threshold(Side.REAL),
            threshold_fake=policy.threshold(Side.FAKE),
        )


def newest_scored(database: Database) -> tuple[int, ...]:
    """What tells one map of scores from the next: the policy in force, the newest item and the
    newest decision."""
    with database.read() as repos:
        row = repos.policies.current()
        version = 0 if row is None else row.version
        return version, *repos.counts.newest()


def _policy(repos: Repositories) -> Policy | None:
    row = repos.policies.current()
    return None if row is None else Policy.from_json(row.document)


def _flags(repos: Repositories) -> FlagCounts:
    found = repos.counts.flags(FLAGS_AMONG)
    retrain, unclear = (
        found.get(flag, {}) for flag in (TriageFlag.RETRAIN, TriageFlag.SECOND_REVIEWER)
    )
    return FlagCounts(
        retrain=sum(retrain.get(state, 0) for state in _WITH_PEOPLE),
        retrain_labelled=retrain.get(ItemState.RESOLVED, 0),
        unclear=sum(unclear.get(state, 0) for state in _WITH_PEOPLE),
        unclear_labelled=unclear.get(ItemState.RESOLVED, 0),
    )


def _unlike(repos: Repositories, policy: Policy | None, since: datetime) -> Unlike | None:
    novelty = None if policy is None else repos.checkpoints.novelty(policy.checkpoint)
    if policy is None or novelty is None:
        return None
    asked = (policy.checkpoint, policy.head, novelty.cut, since, UNLIKE_AMONG)
    measured, unlike = repos.counts.novel_since(*asked)
    return Unlike(measured, unlike, novelty.usual) if measured else None


def _needs(
    states: dict[ItemState, int],
    policy: Policy | None,
    waiting_since: datetime | None,
    now: datetime,
) -> list[str]:
    needs = []
    if policy is not None and policy.state is PolicyState.SUSPENDED:
        needs.append(t("overview.need_suspended"))
    if states[ItemState.ESCALATED]:
        needs.append(t("overview.need_escalated", n=states[ItemState.ESCALATED]))
    if states[ItemState.FAILED]:
        needs.append(t("overview.need_failed", n=states[ItemState.FAILED]))
    if states[ItemState.PENDING]:
        needs.append(t("overview.need_triage", n=states[ItemState.PENDING]))
    if waiting_since is not None and now - waiting_since > STALE:
        needs.append(t("overview.need_reviewers", n=(now - waiting_since).days))
    return needs
