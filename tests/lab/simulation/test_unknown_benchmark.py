"""The benchmark of unknown kinds measures what it says, on scores and images of known truth."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import unknown
from benchmarks.ridge import RidgeTraining
from benchmarks.trained import Detector, Trainer
from benchmarks.unknown_groups import compare_groups
from benchmarks.unknown_kind import ENOUGH, FEW, LIMIT, audits_to_alarm, meet_unknown
from review_app.core.errors import InputError
from review_app.lab.simulation.plan import Drift, SimulationPlan
from review_app.lab.simulation.population import world_of
from review_app.lab.simulation.run import cold_start
from tests.scores.tables import table

KIND = "new"
HEADER = "path,detector,p_fake,label,source"


def scores(folder: Path, name: str, **kinds: tuple[int, float, float]) -> Path:
    """A score file of ``kinds``: so many images, as far apart, so many labels exchanged."""
    lines = [HEADER]
    for at, (kind, (n, separation, exchanged)) in enumerate(kinds.items()):
        made = table(n, seed=at, separation=separation)
        fake = made.is_fake ^ (np.random.default_rng(at).random(n) < exchanged)
        lines += [
            f"{kind}/{row}.png,made,{p},{'fake' if is_fake else 'real'},{kind}"
            for row, (p, is_fake) in enumerate(zip(made.p_fake, fake, strict=True))
        ]
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def left_out(folder: Path, separation: float, exchanged: float) -> Detector:
    kinds = {"faces": (1600, 3.2, 0.0), "scenes": (800, 2.8, 0.0)}
    return unknown.read(
        scores(folder, "without-new", **kinds, **{KIND: (500, separation, exchanged)})
    )


def bar(row: dict[str, object]) -> dict[str, object]:
    return unknown._unknown_bar(KIND, row)


def test_a_kind_on_which_it_is_wrong_is_noticed(tmp_path: Path) -> None:
    row = meet_unknown(left_out(tmp_path, 3.0, 0.5), KIND, 20)
    assert (row["certified"], row["harmful"]) == (20, 1.0)
    assert row["accepted"] > FEW
    assert row["error"] == pytest.approx(0.5, abs=0.08)
    assert row["own_error"] < LIMIT
    assert row["median_audits"] < 60
    assert bar(row)["value"] == row[f"alarm_within_{ENOUGH}"] >= 0.95
    assert bar(row)["holds"]


def test_harm_that_the_alarm_is_late_to_notice_misses_the_bar(tmp_path: Path) -> None:
    row = meet_unknown(left_out(tmp_path, 3.0, 0.17), KIND, 40)
    assert row["harmful"] > 0.9
    assert not bar(row)["holds"]


def test_a_kind_of_which_little_is_accepted_or_little_is_wrong_does_no_harm(tmp_path: Path) -> None:
    made = left_out(tmp_path, 3.0, 0.0)
    fine = meet_unknown(made, KIND, 10)
    assert (fine["mostly_right"], fine["harmful"], bar(fine)["value"]) == (1.0, 0.0, 1.0)
    p = np.where(made.table.source == KIND, 0.5, made.table.p_fake)
    unsure = Detector(made.name, replace(made.table, p_fake=p, score=p), None)
    few = meet_unknown(unsure, KIND, 10)
    assert (few["few"], few["accepted"], bar(few)["holds"]) == (1.0, 0.0, True)


def test_without_a_certificate_nothing_is_measured_and_the_bar_is_missed(tmp_path: Path) -> None:
    path = scores(tmp_path, "without-new", faces=(900, 0.1, 0.0), new=(200, 0.1, 0.0))
    row = meet_unknown(unknown.read(path), KIND, 3)
    assert row["certified"] == 0
    assert not bar(row)["holds"]


def test_a_calm_and_a_mix_make_the_alarm_later(tmp_path: Path) -> None:
    made = left_out(tmp_path, 3.0, 0.5)
    drift = Drift(KIND, 0.0, 1.0)
    world = world_of(made.table, drift)
    plan = SimulationPlan(risk_limit=LIMIT, certify_at=(1000,), drift=drift)
    policy = cold_start(world, plan, np.random.default_rng(0)).policy
    rng = np.random.default_rng(1)
    at_once = [audits_to_alarm(world, policy, rng) for _ in range(30)]
    later = [audits_to_alarm(world, policy, rng, 300, 0.5) for _ in range(30)]
    assert all(a is not None and 0 < a <= ENOUGH for a in at_once)
    assert np.median([a or 0 for a in at_once]) < np.median(
        [ENOUGH if a is None else a for a in later]
    )


def test_one_certificate_for_all_hides_a_kind_that_its_own_does_not(tmp_path: Path) -> None:
    kinds = {"faces": (2400, 3.4, 0.0), "scenes": (1300, 2.8, 0.0), "swaps": (300, 3.0, 0.4)}
    row = compare_groups(unknown.read(scores(tmp_path, "all", **kinds)), 20)
    assert row["pooled"]["violations_of"]["swaps"] == 1
    assert row["by_group"]["violations"] <= 0.1
    assert row["by_group"]["coverage"] > 0.5
    assert row["coverage_lost"] == pytest.approx(
        row["pooled"]["coverage"] - row["by_group"]["coverage"]
    )
    held, apart = unknown._group_bars("all", row)
    assert held["holds"]
    assert apart["holds"]


def test_files_are_judged_by_their_names_and_the_exit_code_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = {"faces": (1200, 3.2, 0.0), "scenes": (800, 2.8, 0.0)}
    paths = [
        scores(tmp_path, "without-new", **kinds, new=(300, 3.0, 0.0)),
        scores(tmp_path, "all", **kinds),
    ]
    monkeypatch.setattr(unknown, "QUICK", (3, 3))
    monkeypatch.setattr(sys, "argv", ["unknown", *map(str, paths), "--json", "--quick"])
    code = unknown.main()
    found = json.loads(capsys.readouterr().out)
    assert found["measures"].keys() == {"without-new", "all"}
    assert [b["holds"] for b in found["bars"]] == [True, True, False]  # the pool violates nothing
    assert code == 1


def test_either_score_files_or_a_manifest_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["unknown"])
    with pytest.raises(SystemExit):
        unknown.main()
    assert "give either score files, or a manifest" in capsys.readouterr().err


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise that is coarser where it is fake, of two sources; a manifest of it."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    lines = ["path,label,source,group,split"]
    for source in ("fine", "coarse"):
        for split, n in (("train", 12), ("val", 8), ("test", 10)):
            for at in range(n):
                label = "fake" if at % 2 else "real"
                cells = 8 if label == "fake" else 32
                noise = rng.integers(0, 255, (cells, cells, 3), np.uint8)
                name = f"{source}-{split}-{at}.png"
                Image.fromarray(noise).resize((64, 64), Image.Resampling.NEAREST).save(
                    folder / name
                )
                lines.append(f"{name},{label},{source},{name},{split}")
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_it_makes_the_score_files_itself(images: Path, tmp_path: Path) -> None:
    trainer = Trainer.of(images, "efficientnet_lite0", "source", tmp_path / "f", tmp_path / "out")
    made = unknown.make(trainer)
    assert [each.name for each in made] == ["without-coarse", "without-fine", "all"]
    for each in made:
        assert len(each.table) == 20
        assert each.grids is not None
        again = unknown.read(tmp_path / "out" / f"{each.name}.csv")
        assert (again.table.score == each.table.score).all()
    checkpoints = sorted((tmp_path / "out" / "checkpoints").iterdir())
    cards = [
        json.loads((folder / "card.json").read_text(encoding="utf-8")) for folder in checkpoints
    ]
    assert [card["data"]["n_train"] for card in cards] == [24, 12, 12]
    made_again = unknown.make(trainer)
    assert [each.table.detector for each in made_again] == [each.table.detector for each in made]


def test_a_checkpoint_is_measured_as_it_is(images: Path, tmp_path: Path) -> None:
    trainer = Trainer.of(
        images, "efficientnet_lite0", "source", tmp_path / "f", tmp_path / "out", ["linear"]
    )
    (made,) = unknown.make(trainer, ["fine"])
    (folder,) = (tmp_path / "out" / "checkpoints").iterdir()
    assert list(json.loads((folder / "card.json").read_text(encoding="utf-8"))["heads"]) == [
        "linear"
    ]
    known, by_gate = trainer.as_it_is(folder)
    assert (known.table.score == made.table.score).all()
    assert set(known.table.source) == {"coarse", "fine"}
    assert set(by_gate.table.source) == {"coarse"}  # it knows no other
    assert known.grids == by_gate.grids == made.grids


def test_least_squares_fit_what_is_linear_and_weights_count() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 40)).astype(np.float32)
    fake = x[:, 0] + 0.5 > 0
    head = RidgeTraining(1e-3).fit(x, fake, seed=0)
    assert ((head.predict(x).p_fake > 0.5) == fake).mean() > 0.95
    primal = np.linalg.solve(x.T @ x / 300 + np.eye(40) * 1e-3, x.T @ np.where(fake, 1.0, -1.0))
    mine = head.state()["weight"]
    assert np.corrcoef(mine, primal)[0, 1] > 0.95
    doubled = RidgeTraining(0.3).fit(np.vstack([x, x]), np.hstack([fake, fake]), seed=0)
    heavier = RidgeTraining(0.3).fit(x, fake, seed=0, weights=np.full(300, 2.0))
    assert doubled.state()["weight"] == pytest.approx(heavier.state()["weight"], abs=1e-4)


def test_only_known_kinds_are_left_out(images: Path, tmp_path: Path) -> None:
    trainer = Trainer.of(images, "efficientnet_lite0", "source", tmp_path / "f", tmp_path / "out")
    with pytest.raises(InputError, match="no test images of medium; choose from: coarse, fine"):
        unknown.make(trainer, ["medium"])


def test_one_kind_alone_cannot_be_left_out(images: Path, tmp_path: Path) -> None:
    lines = images.read_text(encoding="utf-8").splitlines()
    alone = images.with_name("alone.csv")
    alone.write_text("\n".join([lines[0], *(x for x in lines if ",fine," in x)]), encoding="utf-8")
    trainer = Trainer.of(alone, "efficientnet_lite0", "source", tmp_path / "f", tmp_path / "out")
    with pytest.raises(InputError, match="test images of fine; to leave one source out takes two"):
        unknown.make(trainer)
