"""What certificates by group came to beside the pooled ones, over all replays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from review_app.lab.simulation.figures import share, spread
from review_app.lab.simulation.grouped import GroupedRun, GroupTruth
from review_app.lab.simulation.plan import SimulationPlan
from review_app.lab.simulation.population import Population
from review_app.lab.simulation.run import SimulationRun


def groups_document(
    runs: Sequence[SimulationRun], plan: SimulationPlan, base: Population
) -> dict[str, Any] | None:
    """Both kinds side by side, JSON-safe, with figures as in `replays.document_of`; None where no
    groups were asked for. Shares are of all runs, spreads of all runs too: a run without any
    certificate accepts nothing. ``images``: by group, those of the file."""
    found = [run.grouped for run in runs if run.grouped is not None]
    if plan.groups is None:
        return None
    pooled = [(run.alarm.image, run.alarm.audits_since_change) for run in runs if run.alarm]
    by_group = [
        (each.stream.alarm, each.stream.audits_since_change)
        for each in found
        if each.stream.alarm is not None
    ]
    raised_by = [each.stream.alarm_group for each in found if each.stream.alarm is not None]
    return {
        "by": plan.groups.value,
        "images": {name: int((base.group == name).sum()) for name in base.groups},
        "pooled": {
            "certified": share(sum(run.certified for run in runs), len(runs)),
            **_truth(found, lambda run: run.pooled, plan, base.groups),
            "audits": spread(run.audits for run in runs),
            "alarm": _alarm(pooled, len(runs), plan),
        },
        "by_group": {
            "certified": share(sum(each.certified for each in found), len(runs)),
            **_truth(found, lambda run: run.by_group, plan, base.groups),
            "audits": spread(each.stream.audits for each in found),
            "alarm": _alarm(by_group, len(runs), plan)
            | {"by_one_group": share(sum(name is not None for name in raised_by), len(raised_by))},
        },
        "coverage_lost": spread(each.coverage_lost for each in found),
    }


def _truth(
    runs: Sequence[GroupedRun],
    of: Callable[[GroupedRun], GroupTruth],
    plan: SimulationPlan,
    groups: Sequence[str],
) -> dict[str, Any]:
    truths = [of(run) for run in runs]
    violated = [truth.violated(plan.risk_limit) for truth in truths]
    return {
        "violations": share(sum(bool(names) for names in violated), len(truths)),
        "worst_risk": spread(truth.worst for truth in truths),
        "coverage": spread(truth.coverage for truth in truths),
        "mean_coverage": float(np.mean([truth.coverage for truth in truths])),
        "of": {
            name: {
                "violations": share(sum(name in names for names in violated), len(truths)),
                "coverage": spread(truth.coverage_of[name] for truth in truths),
            }
            for name in groups
        },
    }


def _alarm(alarms: Sequence[tuple[int, int]], runs: int, plan: SimulationPlan) -> dict[str, Any]:
    """How many of the alarms, pairs of image and audits since the change, came before it, and how
    soon the others after it."""
    later = [audits for image, audits in alarms if image >= plan.change]
    before = len(alarms) - len(later)
    return {
        "before_change": share(before, runs) if plan.drift else None,
        "raised": share(len(later), runs - before),
        "audits": spread(later),
    }
