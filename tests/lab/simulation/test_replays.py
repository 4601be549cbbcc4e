"""Replays on scores whose truth is known: certificates hold, drift is noticed, nothing after it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from review_app.certification.threshold_grid import Side
from review_app.core.errors import InputError, SettingsError
from review_app.lab.simulation.plan import BLOCKS, Drift, SimulationPlan
from review_app.lab.simulation.population import World, world_of
from review_app.lab.simulation.replays import document_of, simulate
from review_app.lab.simulation.report import write_simulation
from review_app.lab.simulation.run import cold_start, replay
from review_app.scores.table import ScoreTable
from storage.enums import PolicyState
from tests.scores.tables import table

PLAN = SimulationPlan(
    risk_limit=0.1, certify_at=(300,), images=4000, audit_probability=0.2, runs=20
)
DRIFT = replace(PLAN, drift=Drift("new", appears_at=0.5, mix=1.0))


def stream(separation: float = 3.0) -> ScoreTable:
    """A source that the detector knows, and one on which it is wrong: labels are exchanged."""
    known, new = table(1500, separation=separation), table(500, seed=1, separation=-separation)
    columns = {
        each.name: np.concatenate([getattr(known, each.name), getattr(new, each.name)])
        for each in fields(known)
        if each.name not in ("path", "detector", "source")
    }
    source = np.repeat(np.array(["known", "new"], np.object_), [1500, 500])
    return replace(known, source=source, **columns)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(stream(), DRIFT.drift)


def test_a_source_held_out_is_in_neither_threshold_grid_nor_base() -> None:
    made = stream()
    found = world_of(made, Drift("new"))
    assert found.drift_source is not None
    assert len(found.drift_source) == 500
    assert len(found.base) == pytest.approx(1200, abs=60)
    assert len(world_of(made).base) > len(found.base)
    with pytest.raises(InputError, match=r"no labelled images of source 'x' .*: known, new"):
        world_of(made, Drift("x"))


def test_a_certified_policy_keeps_its_limit_and_no_alarm_comes(world: World) -> None:
    found = simulate(replace(world, drift_source=None), PLAN)
    assert len(found.certified) == PLAN.runs
    assert sum(bool(run.violated) for run in found.runs) <= 2
    for run in found.certified:
        coverage = run.accepted.sum() / PLAN.images
        if run.alarm is None:
            assert coverage == pytest.approx(0.8 * run.before.coverage, abs=0.04)
            assert run.wrong.sum() / run.accepted.sum() == pytest.approx(run.before.risk, abs=0.03)
            assert run.audits == pytest.approx(0.2 * run.before.coverage * PLAN.images, rel=0.2)
    assert sum(run.alarm is not None for run in found.certified) <= 2


def test_a_source_on_which_the_detector_is_wrong_closes_auto_accept(world: World) -> None:
    found = simulate(world, DRIFT)
    half = BLOCKS // 2
    for run in found.runs_with_change():
        assert run.on_drift_source is not None
        assert run.on_drift_source.risk > 0.5
        assert run.after == run.on_drift_source
        assert run.alarm is not None
        assert run.alarm.image >= DRIFT.change
        assert run.alarm.audits_since_change <= min(run.alarm.audits, 100)
        assert run.audits == run.alarm.audits
        assert run.accepted[:half].all()
        assert not run.accepted[half + 10 :].any()
    soon, late, undecided = found.suspended_in_time(2)
    assert (soon, late, undecided) == (len(found.runs_with_change()), 0, 0)


def test_a_mix_counts_in_proportion(world: World) -> None:
    policy = cold_start(world, PLAN, np.random.default_rng(0)).policy
    assert policy.state is PolicyState.CERTIFIED
    base, new = world.truth(policy), world.truth(policy, mix=1.0)
    both = world.truth(policy, mix=0.25)
    assert both.coverage == pytest.approx(0.75 * base.coverage + 0.25 * new.coverage)
    errors = 0.75 * base.coverage * base.risk + 0.25 * new.coverage * new.risk
    assert both.risk == pytest.approx(errors / both.coverage)
    sides = [world.truth(policy, (side,)).coverage for side in Side]
    assert sum(sides) == pytest.approx(base.coverage)


def test_what_cannot_be_certified_stays_with_people() -> None:
    made = world_of(table(800, separation=0.2))
    found = simulate(made, replace(PLAN, risk_limit=0.05, certify_at=(50, 100), runs=5))
    for run in found.runs:
        assert (run.certified, run.labels, run.audits, run.alarm) == (False, 100, 0, None)
        assert run.policy.state is PolicyState.LEARNING
        assert not run.accepted.any()
    document = document_of(found, file="f", detector="d")
    assert document["certified"][0] == 0
    assert document["labels"] is None
    json.dumps(document, allow_nan=False)


def test_a_series_of_tries_stops_at_the_first_that_succeeds(world: World) -> None:
    plan = replace(PLAN, certify_at=(40, 300, 1000))
    start = cold_start(world, plan, np.random.default_rng(1))
    assert (len(start.labels), start.attempt) == (300, 2)
    # The second of a series spends a quarter, and either side has half of it.
    assert [c.level for c in start.policy.certificates] == pytest.approx([0.1 / 2 / 4] * 2)
    # Ten labels could prove nothing, whatever they say: as in the product, that is no try.
    plan = replace(PLAN, certify_at=(10, 300, 1000))
    start = cold_start(world, plan, np.random.default_rng(1))
    assert (len(start.labels), start.attempt) == (300, 1)
    assert [c.level for c in start.policy.certificates] == pytest.approx([0.1 / 2 / 2] * 2)


def test_the_same_seed_gives_the_same_runs_and_more_runs_only_add(world: World) -> None:
    few, many = simulate(world, replace(DRIFT, runs=3)), simulate(world, replace(DRIFT, runs=5))
    for one, other in zip(few.runs, many.runs, strict=False):
        assert (one.labels, one.alarm, one.policy) == (other.labels, other.alarm, other.policy)
        assert (one.accepted == other.accepted).all()
    other = replay(world, DRIFT, np.random.default_rng(99))
    assert (other.accepted != few.runs[0].accepted).any()


def test_the_report_is_whole_and_the_same_every_time(world: World, tmp_path: Path) -> None:
    found = simulate(world, replace(DRIFT, runs=3))
    document = document_of(found, file="s.csv", detector="<made>")
    pages = [write_simulation(found, document, tmp_path / name) for name in ("a", "b")]
    assert pages[0].read_bytes() == pages[1].read_bytes()
    text = pages[0].read_text(encoding="utf-8")
    assert "&lt;made&gt;" in text
    assert "the source new" in text
    assert "://" not in text
    assert json.loads((tmp_path / "a" / "metrics.json").read_text()) == json.loads(
        json.dumps(document)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"risk_limit": 0.0},
        {"delta": 0.6},
        {"audit_probability": 0.0},
        {"certify_at": ()},
        {"certify_at": (200, 100)},
        {"images": 10},
        {"runs": 0},
    ],
)
def test_plans_that_cannot_be_replayed_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        SimulationPlan(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"appears_at": 1.0}, {"mix": 0.0}, {"mix": 1.1}])
def test_drifts_that_cannot_be_replayed_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        Drift("new", **wrong)
