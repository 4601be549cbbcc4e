"""Certificates by group beside a pooled one: on the same labels, the same stream, the same coins.

The pooled policy is the replay itself. On the labels of its last try each group is certified, too;
then the same stream is routed by the groups' own thresholds, small groups are audited more often,
and each group has an alarm of its own, as in the product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from review_app.audits.group_test import evaluate_groups
from review_app.certification.groups import GroupCertificates
from review_app.certification.threshold_grid import Side
from review_app.lab.simulation.plan import SimulationPlan
from review_app.lab.simulation.population import Population
from review_app.policy.audit_probabilities import group_audit_probabilities
from review_app.policy.policy import Policy

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GroupRule:
    """What is accepted of each group: by thresholds of its own, or by those of the pool."""

    thresholds: Mapping[tuple[str, Side], float]

    @classmethod
    def of_groups(cls, found: GroupCertificates) -> GroupRule:
        """The rule of certificates by group; a group without one goes to people."""
        return cls(
            {
                (group.name, held.side): held.threshold
                for group in found.groups
                for held in group.certificates
            }
        )

    @classmethod
    def of_pool(cls, policy: Policy, images: Population) -> GroupRule:
        """The rule of a policy that knows no groups, for each group of ``images``."""
        held = {side: policy.threshold(side) for side in Side}
        return cls(
            {
                (name, side): threshold
                for name in images.groups
                for side, threshold in held.items()
                if threshold is not None
            }
        )

    def groups(self, side: Side) -> tuple[str, ...]:
        """The groups that ``side`` accepts images of."""
        return tuple(name for name, of in self.thresholds if of is side)

    def accepts(self, images: Population, side: Side) -> Mask:
        """Which of ``images`` [n] ``side`` accepts."""
        taken = np.zeros(len(images), np.bool_)
        for (name, of), threshold in self.thresholds.items():
            if of is side:
                taken |= (images.group == name) & side.accepts(images.score, threshold)
        return taken


@dataclass(frozen=True)
class GroupTruth:
    """The truth about one rule on the images that it was certified for."""

    coverage: float
    """Share of all images that is accepted."""
    coverage_of: Mapping[str, float]
    """Share of each group that is accepted."""
    risk_of: Mapping[tuple[str, Side], float]
    """The error rate among what a side accepts of a group; only where it accepts any."""

    @property
    def worst(self) -> float:
        """The highest of all these error rates; 0 where nothing is accepted."""
        return max(self.risk_of.values(), default=0.0)

    def violated(self, limit: float) -> tuple[str, ...]:
        """The groups in which a side errs more often than ``limit`` allows."""
        return tuple(sorted({name for (name, _), risk in self.risk_of.items() if risk > limit}))


def group_truth(rule: GroupRule, images: Population) -> GroupTruth:
    """The truth about ``rule``, were ``images`` all there are."""
    accepted = {side: rule.accepts(images, side) for side in Side}
    either = accepted[Side.REAL] | accepted[Side.FAKE]
    groups = {name: np.asarray(images.group == name, np.bool_) for name in images.groups}
    return GroupTruth(
        coverage=float(either.mean()),
        coverage_of={name: float(either[own].mean()) for name, own in groups.items()},
        risk_of={
            (name, side): float(images.wrong(side)[taken].mean())
            for name, own in groups.items()
            for side in Side
            if (taken := accepted[side] & own).any()
        },
    )


@dataclass(frozen=True)
class GroupStream:
    """What the audits of a stream came to under certificates by group."""

    audits: int
    """Audits to the end of the stream, or to the alarm."""
    alarm: int | None
    """The index in the stream of the audited image that raised the alarm, if one did."""
    alarm_group: str | None
    """The group whose audits raised it; None where those of the pool did."""
    audits_since_change: int
    """Audits since the new source appeared; all of them without drift."""


@dataclass(frozen=True)
class GroupedRun:
    """Both kinds of certificates in one replay."""

    certified: bool
    """Whether any group was."""
    pooled: GroupTruth
    by_group: GroupTruth
    stream: GroupStream

    @property
    def coverage_lost(self) -> float:
        """What the proof in every group costs, as a share of all images; below 0: it gains."""
        return self.pooled.coverage - self.by_group.coverage


def replay_groups(
    policy: Policy,
    found: GroupCertificates,
    base: Population,
    images: Population,
    coins: NDArray[np.float64],
    plan: SimulationPlan,
) -> GroupedRun:
    """Both kinds beside each other: ``policy`` is the pooled one, ``found`` what its labels prove
    of groups, ``images`` [n] and ``coins`` [n] are its stream."""
    rule = GroupRule.of_groups(found)
    return GroupedRun(
        certified=bool(found.certified),
        pooled=group_truth(GroupRule.of_pool(policy, base), base),
        by_group=group_truth(rule, base),
        stream=_stream(rule, found, images, coins, plan),
    )


def _stream(
    rule: GroupRule,
    found: GroupCertificates,
    images: Population,
    coins: NDArray[np.float64],
    plan: SimulationPlan,
) -> GroupStream:
    pi_of = group_audit_probabilities(plan.audit_probability, found)
    pi = np.array([pi_of.get(name, 1.0) for name in images.group])
    drawn = coins < pi
    alarms: list[tuple[int, str | None]] = []
    audited = np.zeros(len(images), np.bool_)
    for side in Side:
        chosen = rule.accepts(images, side) & drawn
        audited |= chosen
        at = np.flatnonzero(chosen)
        evidence = evaluate_groups(
            side,
            plan.risk_limit,
            images.wrong(side)[at],
            images.group[at].tolist(),
            rule.groups(side),
            plan.audit_probability / pi[at],
            plan.alarm_alpha / 2,
        )
        if evidence.first is not None:
            after, raised_by = evidence.first
            alarms.append((int(at[after - 1]), raised_by.group))
    alarm, group = min(alarms, key=lambda each: each[0], default=(None, None))
    until = len(images) if alarm is None else alarm + 1
    return GroupStream(
        audits=int(audited[:until].sum()),
        alarm=alarm,
        alarm_group=group,
        audits_since_change=int(audited[plan.change : until].sum()),
    )
