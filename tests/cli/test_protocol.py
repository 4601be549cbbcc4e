"""protocol, robustness, transfer and leave-out, on a small manifest of real files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from review_app.inference.checkpoint import Checkpoint
from review_app.inference.laundering import TRANSFORMS
from review_app.manifests.manifest import read_manifest, write_manifest
from tests.cli.conftest import Run
from tests.detector.manifests import picture_manifest

HEADS = {"linear", "naive_bayes", "mc_dropout", "variational"}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """72 pictures of two sources."""
    folder = tmp_path / "in"
    folder.mkdir()
    return picture_manifest(folder).path


def test_the_protocol_runs_whole_and_its_checkpoint_is_tried_further(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = run("protocol", manifest, "--out", out, "--json")
    assert done.code == 0
    document = done.document
    assert set(document["runs"]) == {"source", "source-searched"}
    assert set(document["runs"]["source"]["heads"]) == HEADS
    assert {head: len(each["grid"]) for head, each in document["search"].items()} == {
        "variational": 12, "mc_dropout": 9,
    }  # fmt: skip
    checkpoint = out / "checkpoints" / "source-searched"
    assert Checkpoint.load(checkpoint).id == document["runs"]["source-searched"]["checkpoint"]
    assert (out / "report" / "index.html").exists()
    again = run("protocol", manifest, "--out", out)
    assert f"report: {out / 'report' / 'index.html'}" in again.out
    assert len(again.out.splitlines()) == 9

    report = tmp_path / "robustness"
    measured = run(
        "robustness", manifest, "--checkpoint", checkpoint, "--split", "val", "--report", report,
        "--json",
    ).document  # fmt: skip
    assert measured["n"] == 16
    assert measured["data"]["split"] == "val"
    assert list(measured["heads"]["linear"]) == ["untouched", *TRANSFORMS]
    assert (report / "report.html").exists()
    assert (report / "figures" / "robustness.png").exists()


def test_transfer_trains_on_each_source(run: Run, manifest: Path, tmp_path: Path) -> None:
    report = tmp_path / "transfer"
    arguments = ("--preset", "source", "--backbone", "efficientnet_lite0", "--report", report)
    done = run("transfer", manifest, *arguments, "--json")
    assert done.code == 0
    assert set(done.document["trained"]) == {"first", "second"}
    assert done.document["preset"] == "source"
    assert (report / "report.html").exists()
    assert (report / "figures" / "transfer.png").exists()
    words = run("transfer", manifest, *arguments).out
    assert words.startswith("trained on first, head ")


def test_leave_out_trains_without_each_generator(run: Run, manifest: Path, tmp_path: Path) -> None:
    rows = [
        replace(row, generator=("two", "two", "one")[at // 2 % 3] if row.label == "fake" else None)
        for at, row in enumerate(read_manifest(manifest).rows)
    ]
    known, report = manifest.with_name("known.csv"), tmp_path / "leave_out"
    write_manifest(known, rows)
    arguments = (
        *("--by", "generator", "--preset", "source", "--backbone", "efficientnet_lite0"),
        *("--heads", "linear, naive_bayes", "--only", "two", "--report", report),
    )
    done = run("leave-out", known, *arguments, "--json")
    assert done.code == 0
    assert list(done.document["left_out"]) == ["two"]
    assert set(done.document["left_out"]["two"]["heads"]) == {"linear", "naive_bayes"}
    assert (report / "report.html").exists()
    assert (report / "figures" / "leave_out.png").exists()
    words = run("leave-out", known, *arguments).out.splitlines()
    assert words[0].startswith("without two, head ")
    assert words[1].startswith("mean ")
    assert words[1].endswith("(two)")
    fault = run("leave-out", known, "--by", "generator", "--only", "one").fault
    assert "no generator 'one' can be left out: it takes 20 fakes" in fault
    assert "or choose from: two" in fault


def test_a_report_that_cannot_be_written_is_told_before_the_work(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    fault = run("transfer", manifest, "--report", tmp_path / "file" / "report").fault
    assert "cannot be written to" in fault
    assert not (tmp_path / "data" / "features").exists()


def test_an_unknown_preset_is_told(run: Run, manifest: Path) -> None:
    assert "there is no preset 'mine'" in run("transfer", manifest, "--preset", "mine").fault


def test_a_folder_of_something_else_is_told(run: Run, manifest: Path) -> None:
    fault = run("protocol", manifest, "--out", manifest.parent).fault
    assert "not from this command; choose a new folder" in fault
