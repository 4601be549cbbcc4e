"""simulate, certify --scores and evaluate --scores: score files from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from review_app.manifests.manifest import ManifestLabel
from review_app.scores.reading import read_scores
from review_app.scores.row import ScoreRow
from review_app.scores.writing import write_scores
from tests.cli.conftest import Run
from tests.cli.test_detector import SIZES, manifest
from tests.scores.tables import table

__all__ = ["manifest"]  # a fixture


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    """A good detector on 1,500 images; the last 300 are of a source called new."""
    made = table(1500, separation=3.0)
    path = tmp_path / "scores.csv"
    rows = [
        ScoreRow(
            row=at + 2,
            path=f"{at}.png",
            sha256=None,
            detector="theirs",
            p_fake=float(p),
            score=float(p),
            std=None,
            novelty=None,
            label=ManifestLabel.FAKE if fake else ManifestLabel.REAL,
            source="old" if at < 1200 else "new",
            split=None,
            time=None,
        )
        for at, (p, fake) in enumerate(zip(made.p_fake, made.is_fake, strict=True))
    ]
    write_scores(path, rows)
    return path


@pytest.mark.usefixtures("nothing_yet")
def test_simulate_tells_what_would_happen_and_draws_it(
    run: Run, scores: Path, tmp_path: Path, data_dir: Path
) -> None:
    report = tmp_path / "report"
    common = ("simulate", scores, "--risk-limit", 0.1, "--runs", 4, "--images", 2000)
    drift = ("--hold-out", "new", "--appears-at", 0.25, "--mix", 1)
    document = run(*common, *drift, "--certify-at", 400, "--report", report, "--json").document
    assert (document["detector"], document["runs"]) == ("theirs", 4)
    assert document["certified"][0] == 1
    assert document["labels"]["median"] == 400
    assert document["plan"]["drift"] == {"source": "new", "appears_at": 0.25, "mix": 1.0}
    assert json.loads((report / "metrics.json").read_text(encoding="utf-8")) == document
    assert (report / "report.html").is_file()
    assert "wrong certificates" in run(*common).out
    assert document["groups"] is None
    assert not data_dir.exists()


def test_simulate_sets_certificates_by_group_beside_the_pooled_one(
    run: Run, scores: Path, tmp_path: Path
) -> None:
    common = ("simulate", scores, "--risk-limit", 0.1, "--runs", 3, "--images", 2000)
    asked = (*common, "--certify-at", 800, "--groups", "source")
    document = run(*asked, "--report", tmp_path / "report", "--json").document
    assert document["plan"]["groups"] == "source"
    both = document["groups"]
    assert both["images"].keys() == {"old", "new"}
    assert both["by_group"]["certified"][0] == 1
    assert both["pooled"]["coverage"] == document["truth"]["before"]["coverage"]
    assert "by group, worst wrong" in run(*asked).out
    assert "does not tell groups by" in run(*common, "--groups", "scope").err


@pytest.mark.usefixtures("nothing_yet")
def test_certify_on_scores_proves_and_changes_nothing(
    run: Run, scores: Path, data_dir: Path
) -> None:
    document = run("certify", "--scores", scores, "--risk-limit", 0.1, "--json").document
    assert document["real"]["certified"]
    assert document["fake"]["accepted"] > 100
    assert document["fake"]["upper_bound"] <= 0.1
    words = run("certify", "--scores", scores, "--risk-limit", 0.001).out
    assert "nothing is put in force" in words
    assert "not certified" in words
    assert not data_dir.exists()


def test_evaluate_on_scores_measures_them_at_one_half(run: Run, scores: Path) -> None:
    document = run("evaluate", "--scores", scores, "--json").document
    figures = document["heads"]["scores"]
    assert (document["checkpoint"], document["n"]) == ("theirs", 1500)
    assert figures["auroc"][0] > 0.95
    assert (figures["threshold"], figures["std_correct"]) == (0.5, None)
    assert (
        "has no rows of split 'val'" in run("evaluate", "--scores", scores, "--split", "val").fault
    )
    assert "--scores goes with" in run("evaluate", "x.csv", "--scores", scores).fault
    assert run("evaluate").code == 2


def test_a_bad_file_is_told_in_one_line_with_its_rows(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("path,detector,p_fake\na,d,2\nb,d,nan\n", encoding="utf-8")
    for command in (("simulate", path), ("certify", "--scores", path)):
        fault = run(*command).fault
        assert "2 faults" in fault
        assert "row 2" in fault
        assert "row 3" in fault


def test_the_setting_limits_the_rows(
    run: Run, scores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_MAX_SCORE_ROWS", "1499")
    assert "more than 1,499 rows" in run("simulate", scores).fault


def test_our_own_detector_writes_a_score_file_that_simulate_reads(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    checkpoint, out = tmp_path / "checkpoint", tmp_path / "own.csv"
    options = ("--out", checkpoint, "--backbone", "efficientnet_lite0", "--preset", "source")
    trained = run("train", manifest, *options, "--json").document
    measured = run("evaluate", manifest, "--checkpoint", checkpoint, "--scores-out", out, "--json")
    own = read_scores(out)
    assert own.detector == trained["checkpoint"]
    assert len(own) == measured.document["n"] == SIZES["test"]
    assert own.labelled.all()
    assert set(own.source) == {"made"}
    assert set(own.split) == {"test"}
    head = measured.document["heads"][trained["default_head"]]
    again = run("evaluate", "--scores", out, "--json").document["heads"]["scores"]
    assert again["auroc"] == head["auroc"]
    assert again["brier"] == pytest.approx(head["brier"])
