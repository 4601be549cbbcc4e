"""One replay: cold start, certificate, the stream with its audits, and the alarm.

Everything that decides is the product's own: `certification`, `policy` and `audits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from review_app.audits.side_test import evaluate_side
from review_app.certification.bounds import spent_level, upper_bounds
from review_app.certification.certificate import Provenance
from review_app.certification.certify import certify_policy
from review_app.certification.groups import GroupCertificates, certify_groups
from review_app.certification.price import fewest_labels
from review_app.certification.threshold_grid import Side, ThresholdGrid
from review_app.lab.simulation.grouped import GroupedRun, replay_groups
from review_app.lab.simulation.plan import BLOCKS, SimulationPlan
from review_app.lab.simulation.population import Population, Truth, World
from review_app.policy.policy import Policy, learning_policy
from review_app.policy.routing import DecisionBatch, decide_many
from storage.enums import PolicyState

_PROVENANCE = Provenance("simulated", "score", "simulated", datetime(2000, 1, 1, tzinfo=UTC))
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SimulatedAlarm:
    """The moment at which auto-accept was suspended."""

    side: Side
    image: int
    """Index in the stream of the audited image that raised it."""
    audits: int
    """Audits of both sides since the certificate, this one included."""
    audits_since_change: int
    """Those of them since the new source appeared; all of them without drift, 0 for an alarm
    before it."""


@dataclass(frozen=True)
class SimulationRun:
    """The outcome of one replay."""

    labels: int
    """The labels spent in the cold start."""
    policy: Policy
    """The policy as it was certified, or as it was when the labels ran out."""
    before: Truth
    """The truth on the images that it was certified for."""
    after: Truth
    """The truth on the stream since the change; the same without drift."""
    on_drift_source: Truth | None
    """The truth on the new source alone."""
    violated: tuple[Side, ...]
    """Sides whose certificate is wrong: their true risk is above the limit."""
    alarm: SimulatedAlarm | None
    audits: int
    audits_since_change: int
    accepted: Counts
    """Images accepted without a person in each of 40 parts of the stream."""
    wrong: Counts
    """The errors among them."""
    grouped: GroupedRun | None = None
    """The same with certificates by group, where they are asked for."""

    @property
    def certified(self) -> bool:
        """Whether auto-accept ever opened."""
        return self.policy.state is PolicyState.CERTIFIED


@dataclass(frozen=True)
class ColdStart:
    """What the labels of a cold start came to."""

    policy: Policy
    """The policy once it is certified, or after the last try."""
    labels: Population
    """The labelled images."""
    attempt: int | None
    """The number of the last try in its series; None where there was only one to be."""

    def certify_groups(self, world: World, plan: SimulationPlan) -> GroupCertificates:
        """What the same labels prove of each group, in the same try."""
        return certify_groups(
            self.labels.score,
            self.labels.is_fake,
            self.labels.group.tolist(),
            *world.grids,
            risk_limit=plan.risk_limit,
            delta=plan.delta,
            provenance=_PROVENANCE,
            attempt=self.attempt,
        )


def replay(world: World, plan: SimulationPlan, rng: np.random.Generator) -> SimulationRun:
    """One run of ``plan``; ``rng`` alone decides what is drawn."""
    return replay_stream(world, plan, cold_start(world, plan, rng), rng)


def replay_stream(
    world: World, plan: SimulationPlan, start: ColdStart, rng: np.random.Generator
) -> SimulationRun:
    """The stream of one run, under the policy that ``start`` came to."""
    policy, images, coins = start.policy, _stream(world, plan, rng), rng.random(plan.images)
    decisions = decide_many(images.p_fake, images.score, policy, coins)
    wrong = _wrong(images, decisions)
    alarm = _first_alarm(decisions, wrong, plan)
    closed = plan.images if alarm is None else alarm.image + 1
    accepted = decisions.auto_accepted.copy()
    if alarm is not None:
        suspended = policy.suspended(f"an alarm after {alarm.audits} audits")
        rest = decide_many(images.p_fake[closed:], images.score[closed:], suspended, coins[closed:])
        accepted[closed:] = rest.auto_accepted
    audited = np.flatnonzero(decisions.audited[:closed])
    mix = plan.drift.mix if plan.drift else 0.0
    return SimulationRun(
        labels=len(start.labels),
        policy=policy,
        before=world.truth(policy),
        after=world.truth(policy, mix=mix),
        on_drift_source=None if world.drift_source is None else world.truth(policy, mix=1.0),
        violated=tuple(
            side for side in Side if world.truth(policy, (side,)).risk > plan.risk_limit
        ),
        alarm=alarm,
        audits=len(audited),
        audits_since_change=int((audited >= plan.change).sum()),
        accepted=_by_block(accepted),
        wrong=_by_block(accepted & wrong),
        grouped=None
        if plan.groups is None
        else replay_groups(
            policy, start.certify_groups(world, plan), world.base, images, coins, plan
        ),
    )


def cold_start(world: World, plan: SimulationPlan, rng: np.random.Generator) -> ColdStart:
    """Label images until a policy is certified, or to the last try."""
    policy = learning_policy(
        checkpoint=_PROVENANCE.checkpoint,
        head=_PROVENANCE.head,
        risk_limit=plan.risk_limit,
        delta=plan.delta,
        audit_probability=plan.audit_probability,
    )
    rows = rng.integers(len(world.base), size=plan.certify_at[-1])
    series = len(plan.certify_at) > 1
    number, tried = 1, 1 if series else None
    for n in plan.certify_at:
        attempt = number if series else None
        labels = world.base.take(rows[:n])
        if n < fewest_labels(plan.risk_limit, plan.delta, attempt):
            continue  # no try, as in the product
        number, tried = number + 1, attempt
        if _hopeless(labels, world.grids, plan, attempt):
            continue  # what is missing, which is slow to tell, is not asked here
        found = certify_policy(
            labels.score,
            labels.is_fake,
            *world.grids,
            risk_limit=plan.risk_limit,
            delta=plan.delta,
            provenance=_PROVENANCE,
            attempt=attempt,
        )
        policy = policy.with_certificates(found)
        if policy.state is PolicyState.CERTIFIED:
            break
    return ColdStart(policy, labels, tried)


def _hopeless(
    labels: Population,
    grids: tuple[ThresholdGrid, ThresholdGrid],
    plan: SimulationPlan,
    attempt: int | None,
) -> bool:
    """Whether no threshold of either side passes at all: then no method certifies anything."""
    level = spent_level(plan.delta / 2, attempt)
    for grid in grids:
        wrong = labels.wrong(grid.side)
        taken = [grid.side.accepts(labels.score, threshold) for threshold in grid.thresholds]
        errors = [int((mask & wrong).sum()) for mask in taken]
        bounds = upper_bounds(errors, [int(mask.sum()) for mask in taken], level)
        if (bounds <= plan.risk_limit).any():
            return False
    return True


def _stream(world: World, plan: SimulationPlan, rng: np.random.Generator) -> Population:
    """The images in their order."""
    rows = rng.integers(len(world.base), size=plan.images)
    everything = world.base
    if plan.drift is not None and world.drift_source is not None:
        new = rng.random(plan.images) < plan.drift.mix
        new[: plan.change] = False
        rows[new] = len(world.base) + rng.integers(len(world.drift_source), size=int(new.sum()))
        everything = world.base.joined(world.drift_source)
    return everything.take(rows)


def _wrong(images: Population, decisions: DecisionBatch) -> NDArray[np.bool_]:
    """Which images it would be an error to accept as proposed."""
    return (decisions.accept_real & images.wrong(Side.REAL)) | (
        decisions.accept_fake & images.wrong(Side.FAKE)
    )


def _first_alarm(
    decisions: DecisionBatch, wrong: NDArray[np.bool_], plan: SimulationPlan
) -> SimulatedAlarm | None:
    """The earlier of both sides' alarms; verdicts come at once and in order, and are right."""
    proposals = {Side.REAL: decisions.accept_real, Side.FAKE: decisions.accept_fake}
    found: list[tuple[int, Side]] = []
    for side, proposed in proposals.items():
        at = np.flatnonzero(decisions.audited & proposed)
        after = evaluate_side(side, plan.risk_limit, wrong[at], plan.alarm_alpha / 2).alarm_after
        if after is not None:
            found.append((int(at[after - 1]), side))
    if not found:
        return None
    image, side = min(found)
    audits = int(decisions.audited[: image + 1].sum())
    since = int(decisions.audited[plan.change : image + 1].sum())
    return SimulatedAlarm(side, image, audits, since)


def _by_block(mask: NDArray[np.bool_]) -> Counts:
    edges = np.linspace(0, len(mask), BLOCKS, endpoint=False).astype(np.int64)
    return np.add.reduceat(mask.astype(np.int64), edges)
