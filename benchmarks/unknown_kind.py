"""A policy that was certified on known kinds of images meets a kind that it has never seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Row
from benchmarks.trained import Detector
from review_app.audits.side_test import ALPHA, evaluate_side
from review_app.certification.threshold_grid import Side
from review_app.lab.simulation.plan import Drift, SimulationPlan
from review_app.lab.simulation.population import Population, World, world_of
from review_app.lab.simulation.run import cold_start
from review_app.policy.policy import Policy
from storage.enums import PolicyState

LIMIT, DELTA = 0.1, 0.1
LABELS = 1000
FEW, TIMES = 0.05, 2.0
"""Of a kind never seen: at most so many accepted, or at most so many times the limit wrong."""
ENOUGH = 150
"""Audits within which the alarm should come."""
CALM = 300
"""Audits of known images before the new kind comes, in what is told besides."""


def meet_unknown(detector: Detector, kind: str, runs: int) -> Row:
    """What ``runs`` certified policies do with images of ``kind``, and how soon that is noticed."""
    drift = Drift(kind, 0.0, 1.0)
    plan = SimulationPlan(
        risk_limit=LIMIT,
        delta=DELTA,
        audit_probability=1.0,
        certify_at=(LABELS,),
        drift=drift,
        runs=runs,
    )
    world = world_of(detector.table, drift, grids=detector.grids)
    assert world.drift_source is not None
    known, new = world.truth, world.drift_source
    generators = [np.random.default_rng(seed) for seed in np.random.SeedSequence(0).spawn(runs)]
    started = [(rng, cold_start(world, plan, rng).policy) for rng in generators]
    certified = [(rng, p) for rng, p in started if p.state is PolicyState.CERTIFIED]
    row: Row = {
        "runs": runs,
        "certified": len(certified),
        "images": {"known": len(world.base), "left_out": len(new)},
    }
    if not certified:
        return row
    at_home = [known(policy) for _, policy in certified]
    away = [known(policy, mix=1.0) for _, policy in certified]
    harmful = [t.coverage > FEW and t.risk > TIMES * LIMIT for t in away]
    told = [
        (audits_to_alarm(world, policy, rng), audits_to_alarm(world, policy, rng, CALM, 0.5))
        for (rng, policy), harm in zip(certified, harmful, strict=True)
        if harm
    ]
    at_once = [audits for audits, _ in told]
    return row | {
        "own_coverage": _median([t.coverage for t in at_home]),
        "own_error": _median([t.risk for t in at_home]),
        "accepted": _median([t.coverage for t in away]),
        "error": _median([t.risk for t in away]),
        "few": float(np.mean([t.coverage <= FEW for t in away])),
        "mostly_right": float(np.mean([t.risk <= TIMES * LIMIT for t in away])),
        "harmful": float(np.mean(harmful)),
        f"alarm_within_{ENOUGH}": _in_time(at_once),
        "median_audits": _median([a for a in at_once if a is not None]),
        f"alarm_within_{ENOUGH}_of_half_after_{CALM}": _in_time([later for _, later in told]),
    }


def audits_to_alarm(
    world: World, policy: Policy, rng: np.random.Generator, calm: int = 0, mix: float = 1.0
) -> int | None:
    """How many audits after the new kind's appearance the alarm comes; None: not within `ENOUGH`.

    ``calm``: audits of known images before it, in which an alarm counts as 0. ``mix``: its share of
    the images from then on.
    """
    assert world.drift_source is not None
    before = _audited(world.base, policy, calm, rng)
    after = _audited_mix(world, policy, mix, rng)
    sides, wrong = (np.concatenate(parts) for parts in zip(before, after, strict=True))
    first = []
    for at_side, side in enumerate(Side):
        at = np.flatnonzero(sides == at_side)
        raised = evaluate_side(side, LIMIT, wrong[at], ALPHA / 2).alarm_after
        if raised is not None:
            first.append(max(int(at[raised - 1]) + 1 - calm, 0))
    return min(first, default=None)


Audits = tuple[NDArray[np.intp], NDArray[np.bool_]]
"""Side (its place among both) and whether it was wrong, of audits in their order."""


def _audited(images: Population, policy: Policy, n: int, rng: np.random.Generator) -> Audits:
    """``n`` random images among those of ``images`` that the policy accepts; none if there are
    none."""
    sides, accepted = _accepted(images, policy)
    if not accepted.size:
        return np.empty(0, np.intp), np.empty(0, np.bool_)
    rows = rng.choice(accepted, n)
    wrong = np.where(sides[rows] == 0, images.wrong(Side.REAL)[rows], images.wrong(Side.FAKE)[rows])
    return sides[rows], wrong


def _audited_mix(world: World, policy: Policy, mix: float, rng: np.random.Generator) -> Audits:
    """`ENOUGH` accepted images of a stream of which the share ``mix`` is the new kind."""
    assert world.drift_source is not None
    shares = [
        weight * world.truth(policy, mix=of).coverage for weight, of in ((1 - mix, 0.0), (mix, 1.0))
    ]
    new = rng.random(ENOUGH) < shares[1] / sum(shares)
    sides, wrong = np.empty(ENOUGH, np.intp), np.empty(ENOUGH, np.bool_)
    for mask, images in ((~new, world.base), (new, world.drift_source)):
        sides[mask], wrong[mask] = _audited(images, policy, int(mask.sum()), rng)
    return sides, wrong


def _accepted(images: Population, policy: Policy) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The side that would accept each image [n], or -1; and which images one would."""
    sides = np.full(len(images), -1, np.intp)
    for at, side in enumerate(Side):
        threshold = policy.threshold(side)
        if threshold is not None:
            sides[side.accepts(images.score, threshold)] = at
    return sides, np.flatnonzero(sides >= 0)


def _in_time(audits: Sequence[int | None]) -> float | None:
    """The share of alarms, without runs that had one before the new kind came."""
    counted = [a is not None for a in audits if a != 0]
    return float(np.mean(counted)) if counted else None


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None
