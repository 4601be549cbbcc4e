"""Many replays, and what they come to: violations, coverage, audits and labels spent, alarms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from review_app.certification.threshold_grid import Side
from review_app.core.progress import Progress
from review_app.lab.simulation.figures import share, spread
from review_app.lab.simulation.grouped_document import groups_document
from review_app.lab.simulation.plan import BLOCKS, SimulationPlan
from review_app.lab.simulation.population import World
from review_app.lab.simulation.run import SimulationRun, replay

SCHEMA_VERSION = 1
"""The version of the document."""
ENOUGH_AUDITS = 300
"""Within so many audits an alarm is expected where errors are two or three times the limit."""


@dataclass(frozen=True)
class Simulation:
    """All replays of one plan in one world."""

    plan: SimulationPlan
    world: World
    runs: tuple[SimulationRun, ...]

    @property
    def certified(self) -> tuple[SimulationRun, ...]:
        """The runs in which auto-accept opened."""
        return tuple(run for run in self.runs if run.certified)

    def runs_with_change(self) -> tuple[SimulationRun, ...]:
        """Certified runs in which no alarm came before the change."""
        return tuple(
            run
            for run in self.certified
            if run.alarm is None or run.alarm.image >= self.plan.change
        )

    def suspended_in_time(self, times: float) -> tuple[int, int, int]:
        """The runs of `runs_with_change` with a true risk of at least ``times`` the limit since the
        change: how many were suspended within 300 audits from then on, how many were not, and how
        many streams ended too early to say."""
        risky = [r for r in self.runs_with_change() if r.after.risk >= times * self.plan.risk_limit]
        alarms = [run.alarm.audits_since_change for run in risky if run.alarm is not None]
        soon = sum(audits <= ENOUGH_AUDITS for audits in alarms)
        undecided = sum(
            run.alarm is None and run.audits_since_change < ENOUGH_AUDITS for run in risky
        )
        return soon, len(risky) - soon - undecided, undecided


def simulate(world: World, plan: SimulationPlan, progress: Progress | None = None) -> Simulation:
    """Replay ``plan`` in ``world`` as often as it says; the same seed gives the same runs.

    Every run has a generator of its own, so more runs only add to those of fewer. ``progress``
    counts runs.
    """
    runs: list[SimulationRun] = []
    for seed in np.random.SeedSequence(plan.seed).spawn(plan.runs):
        runs.append(replay(world, plan, np.random.default_rng(seed)))
        if progress:
            progress(len(runs), plan.runs)
    return Simulation(plan, world, tuple(runs))


def document_of(simulation: Simulation, *, file: str, detector: str) -> dict[str, Any]:
    """What the replays came to, JSON-safe. Shares are ``[value, low, high]`` with 95% intervals
    (Clopper-Pearson); what differs from run to run is ``{"low", "median", "high"}`` (5th, 50th and
    95th percentile); either is ``None`` where there is no run to tell it of."""
    plan, world, certified = simulation.plan, simulation.world, simulation.certified
    return {
        "schema_version": SCHEMA_VERSION,
        "file": file,
        "detector": detector,
        "images": {
            "base": len(world.base),
            "base_fake": int(world.base.is_fake.sum()),
            "new_source": len(world.drift_source) if world.drift_source else 0,
        },
        "plan": asdict(plan),
        "runs": plan.runs,
        "certified": share(len(certified), plan.runs),
        "certified_side": {
            side.value: share(sum(r.policy.certificate(side) is not None for r in certified), n)
            for side in Side
            for n in [plan.runs]
        },
        "labels": spread(run.labels for run in certified),
        "violations": {
            "either": share(sum(bool(run.violated) for run in certified), plan.runs),
            **{
                side.value: share(sum(side in run.violated for run in certified), plan.runs)
                for side in Side
            },
        },
        "truth": {
            "before": _truth(simulation, "before"),
            "after": _truth(simulation, "after"),
            "new_source": _truth(simulation, "on_drift_source") if world.drift_source else None,
        },
        "audits": spread(run.audits for run in certified),
        "alarm": _alarms(simulation),
        "over_time": _over_time(simulation),
        "groups": groups_document(simulation.runs, plan, world.base),
    }


def _truth(simulation: Simulation, when: str) -> dict[str, Any]:
    found = [getattr(run, when) for run in simulation.certified]
    return {
        "coverage": spread(each.coverage for each in found),
        "risk": spread(each.risk for each in found),
    }


def _alarms(simulation: Simulation) -> dict[str, Any]:
    plan, certified, changed = simulation.plan, simulation.certified, simulation.runs_with_change()
    alarms = [run.alarm for run in changed if run.alarm is not None]
    in_time = {}
    for times in (0, 1, 2, 3):
        soon, late, undecided = simulation.suspended_in_time(times)
        in_time[f"risk_at_least_{times}r" if times else "all"] = {
            "share": share(soon, soon + late),
            "undecided": undecided,
        }
    return {
        "before_change": share(len(certified) - len(changed), len(certified))
        if plan.drift
        else None,
        "raised": share(len(alarms), len(changed)),
        "audits": spread(alarm.audits_since_change for alarm in alarms),
        "images": spread(alarm.image + 1 - plan.change for alarm in alarms),
        f"within_{ENOUGH_AUDITS}_audits": in_time,
    }


def _over_time(simulation: Simulation) -> dict[str, Any]:
    """The share accepted without a person and the errors among those, by part of the stream."""
    size = simulation.plan.images / BLOCKS
    certified = simulation.certified
    if not certified:
        return {"images": [], "coverage": [], "errors": []}
    accepted = np.stack([run.accepted for run in certified])
    wrong = np.stack([run.wrong for run in certified])
    # Errors of all runs together: a part in which one run accepts two images says nothing alone.
    errors = wrong.sum(axis=0) / np.maximum(accepted.sum(axis=0), 1)
    return {
        "images": [round(size * (at + 1)) for at in range(BLOCKS)],
        "coverage": [spread(column / size) for column in accepted.T],
        "errors": [
            float(e) if n else None for e, n in zip(errors, accepted.sum(axis=0), strict=True)
        ],
    }
