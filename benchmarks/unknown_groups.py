"""One certificate for all images beside one for each source, over resampled calibrations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.outcome import Row
from benchmarks.trained import Detector
from benchmarks.unknown_kind import DELTA, LIMIT
from review_app.certification.bounds import upper_bound
from review_app.certification.grouping import Grouping
from review_app.lab.simulation.grouped import GroupRule, GroupTruth, group_truth
from review_app.lab.simulation.plan import SimulationPlan
from review_app.lab.simulation.population import world_of
from review_app.lab.simulation.run import cold_start

LABELS = 2000


def compare_groups(detector: Detector, resamples: int) -> Row:
    """How often either kind of certificate is wrong in its worst group, and what it accepts."""
    plan = SimulationPlan(
        risk_limit=LIMIT,
        delta=DELTA,
        audit_probability=1.0,
        certify_at=(LABELS,),
        groups=Grouping.SOURCE,
        runs=resamples,
    )
    world = world_of(detector.table, grids=detector.grids)
    pooled: list[GroupTruth] = []
    by_group: list[GroupTruth] = []
    for seed in np.random.SeedSequence(0).spawn(resamples):
        start = cold_start(world, plan, np.random.default_rng(seed))
        own = GroupRule.of_groups(start.certify_groups(world, plan))
        pooled.append(group_truth(GroupRule.of_pool(start.policy, world.base), world.base))
        by_group.append(group_truth(own, world.base))
    lost = np.mean([p.coverage - g.coverage for p, g in zip(pooled, by_group, strict=True)])
    return {
        "resamples": resamples,
        "labels": LABELS,
        "images": {name: int((world.base.group == name).sum()) for name in world.base.groups},
        "pooled": _told(pooled, world.base.groups),
        "by_group": _told(by_group, world.base.groups),
        "coverage_lost": float(lost),
    }


def _told(truths: Sequence[GroupTruth], groups: Sequence[str]) -> Row:
    violated = [truth.violated(LIMIT) for truth in truths]
    wrong = sum(bool(names) for names in violated)
    return {
        "violations": wrong / len(truths),
        "violations_upper_95": upper_bound(wrong, len(truths), 0.05),
        "violations_of": {
            name: float(np.mean([name in names for names in violated])) for name in groups
        },
        "worst_error": float(np.median([truth.worst for truth in truths])),
        "coverage": float(np.mean([truth.coverage for truth in truths])),
        "coverage_of": {
            name: float(np.mean([truth.coverage_of[name] for truth in truths])) for name in groups
        },
    }
