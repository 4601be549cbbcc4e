"""Deployments replayed on real scores: a detector trained on one source meets another.

``python -m benchmarks.simulate [--quick] [--json] [--cache DIR]``; exit 1 when a bar does not hold,
0 with "skipped" where the images are not there. The cache keeps features and trained checkpoints;
the first run takes some ten minutes without it.

Each source of ../shared/data trains a detector (preset robust) alone. On its ``test`` images a
deployment certifies with 1,000 labels; then the other source's ``test`` images appear. Streams are
scored in two ways: as shipped, where novelty pulls to 1/2, and by P(fake), which nothing protects.
Every accepted image is audited: time is counted in audits, and does not depend on their share.
The new source comes after a short calm, and after a long one, which must not make the alarm slow.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.outcome import Row, arguments, document, finish, judged
from benchmarks.trained import Detector, Trainer
from review_app.certification.threshold_grid import Side
from review_app.inference.backbones import DEFAULT_BACKBONE
from review_app.lab.simulation.plan import Drift, SimulationPlan
from review_app.lab.simulation.population import World, world_of
from review_app.lab.simulation.replays import Simulation
from review_app.lab.simulation.run import SimulationRun, cold_start, replay_stream
from review_app.policy.policy import Policy
from storage.enums import PolicyState

MANIFEST = Path(__file__).parents[2] / "shared" / "data" / "manifest.csv"
BACKBONE, PRESET = DEFAULT_BACKBONE, "robust"
LABELS = 1000
LIMITS = {0.05: 3.0, 0.1: 2.0}
"""Risk limits, each with how many times it the true risk must be for the alarm's bar."""
MIXES = (0.25, 0.5, 1.0)
CALMS = (300, 3000)
"""Audits before the new source appears, about: as many as the alarm may then take, and ten times
as many."""
LENGTH = 60_000
"""Images after it: enough for 300 audits where one in two hundred is accepted."""
IN_TIME = 0.95
FEW, TIMES = 0.05, 2.0
"""Of images of a kind never seen: at most so many accepted, or at most so many times the limit
wrong."""


def main() -> int:
    """Measure, print, and say by the exit code whether the bars hold."""
    parser = arguments(__doc__, "few runs")
    parser.add_argument("--cache", type=Path, help="folder that keeps features and checkpoints")
    options = parser.parse_args()
    if not MANIFEST.is_file():
        print(f"skipped: there are no images at {MANIFEST.parent}")
        return 0
    cache = options.cache or Path(tempfile.gettempdir()) / "deepfake-review-benchmarks"
    found = measure(list(trained(cache)), 20 if options.quick else 100, options.quick)
    return finish(found, options.json, _tell)


def _tell(found: Row) -> None:
    for name, row in found["measures"].items():
        print(name, json.dumps(row))
    for bar in found["bars"]:
        print(f"{bar['what']}: {bar['value']} (bar {bar['bar']}, holds: {bar['holds']})")


def trained(cache: Path) -> Iterator[Detector]:
    """A detector for each source, from ``cache`` where it is there."""
    trainer = Trainer.of(MANIFEST, BACKBONE, PRESET, cache / "features", cache)
    for source in trainer.kinds:
        detector = trainer.detector(source, {source})
        assert not np.isnan(detector.table.novelty).any()
        yield detector


def measure(detectors: list[Detector], runs: int, quick: bool) -> dict[str, Any]:
    """The document that ``--json`` prints."""
    measures: dict[str, Any] = {}
    counts = {(limit, calm): np.zeros(3, np.int64) for limit in LIMITS for calm in CALMS}
    never: list[bool] = []
    for detector in detectors:
        (other,) = {each.name for each in detectors} - {detector.name}
        for limit, times in LIMITS.items():
            for kind in ("shipped", "p_fake"):
                name = f"{detector.name}_{kind}_{limit:g}"
                found = _Setting(detector, kind, other, limit, runs)
                measures[name] = found.never_seen()
                if kind == "shipped":
                    never += found.holds()
                for mix, calm in product(MIXES, CALMS):
                    simulation = found.streams(mix, calm)
                    counts[limit, calm] += simulation.suspended_in_time(times)
                    measures[f"{name}_mix_{mix:g}_calm_{calm}"] = _alarms(simulation, times)
    bars = [_alarm_bar(limit, calm, each) for (limit, calm), each in counts.items()]
    share = float(np.mean(never))
    what = (
        f"images of a kind never seen: at most {FEW:.0%} accepted, or at most {TIMES:g} times the "
        f"limit wrong; share of {len(never)} certified policies"
    )
    bars.append(
        judged(what, share, 1.0, share == 1.0, "the same with P(fake) as the score: see measures")
    )
    return document("simulate", quick, measures, bars, f"NumPy {np.__version__}")


class _Setting:
    """Cold starts of one detector, by one kind of score, for one limit."""

    def __init__(self, detector: Detector, kind: str, other: str, limit: float, runs: int) -> None:
        self._other = other
        self.plan = SimulationPlan(
            risk_limit=limit,
            audit_probability=1.0,
            certify_at=(LABELS,),
            drift=Drift(other, 0.0, 1.0),
            runs=runs,
        )
        table = detector.scored_by(kind)
        self.world: World = world_of(table, self.plan.drift, grids=detector.grids)
        generators = np.random.SeedSequence(0).spawn(runs)
        started = [cold_start(self.world, self.plan, np.random.default_rng(g)) for g in generators]
        self._starts = [start for start in started if start.policy.state is PolicyState.CERTIFIED]
        self.policies: list[Policy] = [start.policy for start in self._starts]

    def streams(self, mix: float, calm: int) -> Simulation:
        """Every certified policy on a stream that the other source joins after ``calm`` audits."""
        coverage = [self.world.truth(policy).coverage for policy in self.policies]
        before = round(calm / float(np.median(coverage))) if coverage else 0
        images = before + LENGTH
        drift = Drift(self._other, (before + 0.5) / images, mix)
        plan = replace(self.plan, images=images, drift=drift)
        runs: list[SimulationRun] = []
        seeds = np.random.SeedSequence(1).spawn(len(self._starts))
        for start, seed in zip(self._starts, seeds, strict=True):
            runs.append(replay_stream(self.world, plan, start, np.random.default_rng(seed)))
        return Simulation(plan, self.world, tuple(runs))

    def holds(self) -> list[bool]:
        """Whether each certified policy does little with the other source, or little harm."""
        truths = [self.world.truth(policy, mix=1.0) for policy in self.policies]
        return [
            truth.coverage <= FEW or truth.risk <= TIMES * self.plan.risk_limit for truth in truths
        ]

    def never_seen(self) -> dict[str, Any]:
        """Median coverage and risk at home, and on the other source."""
        row: dict[str, Any] = {"runs": self.plan.runs, "certified": len(self.policies)}
        if not self.policies:
            return row
        for where, mix in (("own", 0.0), ("other", 1.0)):
            truths = [self.world.truth(policy, mix=mix) for policy in self.policies]
            row[f"{where}_coverage"] = float(np.median([each.coverage for each in truths]))
            row[f"{where}_risk"] = float(np.median([each.risk for each in truths]))
        row["violations"] = sum(
            any(self.world.truth(p, (side,)).risk > self.plan.risk_limit for side in Side)
            for p in self.policies
        )
        return {**row, "holds": float(np.mean(self.holds()))}


def _alarms(simulation: Simulation, times: float) -> dict[str, Any]:
    soon, late, undecided = simulation.suspended_in_time(times)
    limit = times * simulation.plan.risk_limit
    audits = [
        run.alarm.audits_since_change
        for run in simulation.runs_with_change()
        if run.alarm is not None and run.after.risk >= limit
    ]
    return {
        "runs": len(simulation.runs),
        "alarm_before": len(simulation.runs) - len(simulation.runs_with_change()),
        "at_risk": soon + late + undecided,
        "within_300": soon,
        "undecided": undecided,
        "median_audits": float(np.median(audits)) if audits else None,
    }


def _alarm_bar(limit: float, calm: int, counts: NDArray[np.int64]) -> dict[str, Any]:
    soon, late, undecided = (int(n) for n in counts)
    total = soon + late + undecided
    share = soon / total if total else None
    return judged(
        f"suspended within 300 audits of a new source, after {calm:,} without it, where "
        f"the true risk is at least {LIMITS[limit]:g}r, r = {limit:g}; of {total} runs "
        f"({undecided} streams ended sooner)",
        share,
        IN_TIME,
        share is not None and share >= IN_TIME,
        "without audits, never",
    )


if __name__ == "__main__":
    sys.exit(main())
