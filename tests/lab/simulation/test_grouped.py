"""Both kinds of certificates on the same replays: the pool hides a group, and groups do not."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from review_app.certification.grouping import UNKNOWN, Grouping
from review_app.certification.threshold_grid import Side
from review_app.core.errors import SettingsError
from review_app.lab.simulation.grouped import GroupRule, group_truth
from review_app.lab.simulation.plan import Drift, SimulationPlan, grouping_called
from review_app.lab.simulation.population import World, world_of
from review_app.lab.simulation.replays import Simulation, document_of, simulate
from review_app.lab.simulation.report import write_simulation
from review_app.lab.simulation.run import cold_start
from review_app.scores.table import ScoreTable
from tests.scores.tables import table

PLAN = SimulationPlan(
    risk_limit=0.1,
    certify_at=(900,),
    images=6000,
    audit_probability=0.1,
    groups=Grouping.SOURCE,
    runs=12,
)
SIZES = {"faces": 2400, "scenes": 1300, "swaps": 300}
SEPARATIONS = {"faces": 3.4, "scenes": 2.8, "swaps": 3.0}
SWAPPED = 0.4
"""The share of labels of the last kind that are the other way round."""


def stream(**sizes: int) -> ScoreTable:
    """Kinds that the detector knows, and one of which it is as sure and often wrong."""
    made = []
    for at, (name, n) in enumerate(sizes.items()):
        one = table(n, seed=at, separation=SEPARATIONS[name])
        swapped = np.random.default_rng(9).random(n) < (SWAPPED if name == "swaps" else 0)
        source = np.full(n, name, np.object_)
        made.append(replace(one, is_fake=one.is_fake ^ swapped, source=source))
    columns = {
        each.name: np.concatenate([getattr(one, each.name) for one in made])
        for each in fields(made[0])
        if each.name not in ("path", "detector")
    }
    return replace(made[0], **columns)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(stream(**SIZES))


@pytest.fixture(scope="module")
def simulation(world: World) -> Simulation:
    return simulate(world, PLAN)


def test_the_truth_of_a_rule_is_that_of_a_plain_count(world: World) -> None:
    images = world.base
    rule = GroupRule({("faces", Side.FAKE): 0.9, ("swaps", Side.REAL): 0.4})
    found = group_truth(rule, images)
    rows = list(zip(images.group, images.score, images.is_fake, strict=True))
    faces = [fake for group, score, fake in rows if group == "faces" and score >= 0.9]
    swaps = [fake for group, score, fake in rows if group == "swaps" and score <= 0.4]
    assert found.coverage == pytest.approx((len(faces) + len(swaps)) / len(rows))
    assert found.risk_of == {
        ("faces", Side.FAKE): pytest.approx(1 - np.mean(faces)),
        ("swaps", Side.REAL): pytest.approx(np.mean(swaps)),
    }
    assert found.coverage_of["scenes"] == 0
    assert found.worst == max(found.risk_of.values())
    assert found.violated(0.1) == ("swaps",)


def test_the_pool_breaks_the_limit_in_a_small_group_and_proof_by_group_keeps_it(
    simulation: Simulation,
) -> None:
    document = document_of(simulation, file="f", detector="d")
    both = document["groups"]
    assert both["images"].keys() == SIZES.keys()
    assert both["pooled"]["violations"][0] == 1
    assert both["pooled"]["of"]["swaps"]["violations"][0] == 1
    assert both["by_group"]["violations"][0] <= 2 / PLAN.runs
    assert both["by_group"]["certified"][0] == 1
    assert both["by_group"]["of"]["faces"]["coverage"]["median"] > 0.5
    assert both["by_group"]["of"]["swaps"]["coverage"]["median"] == 0
    assert both["coverage_lost"]["median"] == pytest.approx(
        both["pooled"]["coverage"]["median"] - both["by_group"]["coverage"]["median"], abs=0.05
    )
    assert document["truth"]["before"]["coverage"] == both["pooled"]["coverage"]
    json.dumps(document, allow_nan=False)


def test_what_the_pooled_policy_does_is_not_changed_by_the_comparison(
    world: World, simulation: Simulation
) -> None:
    plain = simulate(world, replace(PLAN, groups=None))
    assert document_of(plain, file="f", detector="d")["groups"] is None
    for one, other in zip(plain.runs, simulation.runs, strict=True):
        assert (one.policy, one.alarm, one.audits) == (other.policy, other.alarm, other.audits)
        assert (one.accepted == other.accepted).all()
        assert one.grouped is None


def test_small_groups_are_audited_more_often(simulation: Simulation) -> None:
    for run in simulation.runs:
        assert run.grouped is not None
        accepted = run.grouped.by_group.coverage * PLAN.images
        if run.grouped.stream.alarm is None:
            assert run.grouped.stream.audits >= 0.09 * accepted


def test_of_a_source_that_no_label_has_shown_nothing_is_accepted_by_group() -> None:
    made = world_of(stream(**SIZES), Drift("swaps"))
    found = simulate(made, replace(PLAN, runs=4, drift=Drift("swaps", 0.2, 1.0)))
    both = document_of(found, file="f", detector="d")["groups"]
    assert both["pooled"]["alarm"]["raised"][0] == 1
    assert both["pooled"]["alarm"]["audits"]["median"] < 150
    assert both["by_group"]["alarm"]["raised"][0] == 0
    assert both["by_group"]["alarm"]["audits"] is None
    assert "swaps" not in both["images"]


def test_an_image_without_a_source_is_in_no_certified_group() -> None:
    made = world_of(replace(stream(faces=1200), source=np.full(1200, "", np.object_)))
    assert made.base.groups == (UNKNOWN,)
    start = cold_start(made, PLAN, np.random.default_rng(0))
    assert start.certify_groups(made, PLAN).certified == ()


def test_the_report_shows_both_kinds(simulation: Simulation, tmp_path: Path) -> None:
    document = document_of(simulation, file="s.csv", detector="made")
    page = write_simulation(simulation, document, tmp_path).read_text(encoding="utf-8")
    assert "One certificate for all, or one for each source" in page
    assert "Accepted of swaps" in page


def test_groups_that_a_file_cannot_tell_are_refused() -> None:
    assert grouping_called("source") is Grouping.SOURCE
    with pytest.raises(SettingsError, match="does not tell groups by 'scope'"):
        grouping_called("scope")
