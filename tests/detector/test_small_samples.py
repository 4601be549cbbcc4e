"""Few images: no figure of them is certain, in a document, on a page or in a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.inference.checkpoint import Checkpoint
from review_app.inference.heads import HeadName, HeadPrediction
from review_app.lab.assessment import HeadEvaluationInput, assess
from review_app.lab.evaluation import examine
from review_app.lab.report import write_report
from tests.cli.conftest import Run, data_dir, run
from tests.detector.conftest import labelled

__all__ = ["data_dir", "run"]  # fixtures


def assessed(n: int) -> dict[str, Any]:
    """Two heads of which one is right about all ``n`` images, and the other about half."""
    is_fake = np.arange(n) % 2 == 0
    sure = (np.where(is_fake, 0.9, 0.1) + np.arange(n) / 1000).astype(np.float64)
    right = HeadPrediction(sure, sure, sure, sure)
    half = (0.4 + 0.2 * (np.arange(n) % 4 < 2)).astype(np.float64)
    rest = HeadPrediction(half, half, half, half)
    thresholds = dict.fromkeys(("balanced_accuracy", "f1", "accuracy"), 0.5)
    heads = {
        name: HeadEvaluationInput(said, np.minimum(said.p_fake, 1 - said.p_fake), thresholds, True)
        for name, said in ((HeadName.LAPLACE, right), (HeadName.LINEAR, rest))
    }
    return assess(heads, is_fake, ["a"] * n, seed=1)


def intervals(document: Any, path: str = "") -> Iterator[tuple[str, list[float]]]:
    """Every [.., low, high] of a document whose ends are numbers, by where it stands."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from intervals(value, f"{path}/{name}")
        if document.get("low") is not None:
            yield path, [document["low"], document["high"]]
    elif isinstance(document, list) and len(document) in (2, 3) and "band" not in path:
        if all(isinstance(each, float) for each in document):
            yield path, document[-2:]
    elif isinstance(document, list):
        for at, value in enumerate(document):
            yield from intervals(value, f"{path}/{at}")


@pytest.mark.parametrize("n", [1, 2, 5, 8, 60])
def test_no_interval_of_few_images_or_of_a_perfect_head_is_one_point(n: int) -> None:
    document = assessed(n)
    for path, (low, high) in intervals(document):
        assert low < high, path
    perfect = document["heads"]["laplace"]
    assert perfect["accuracy"] == 1.0
    if n < 5:
        assert perfect["intervals"]["accuracy"] is None
        assert perfect["intervals"]["f1"] is None
    else:
        low, high = perfect["intervals"]["accuracy"]
        assert (low, high) == (pytest.approx(n / (n + 3.8415), abs=1e-4), 1.0)
    if n == 1:
        assert perfect["auroc"] is None
    elif n < 8:
        assert perfect["auroc"] == [1.0, None, None]
    else:
        assert perfect["auroc"][1] < 1.0
    assert perfect["shipped"]["intervals"]["error_auroc"] is None  # nothing is wrong
    assert perfect["intervals"]["brier"] is None or n == 60


def test_few_images_do_not_tell_which_head_is_better() -> None:
    (pair,) = assessed(8)["comparisons"]
    for metric in ("auroc", "accuracy"):
        assert pair[metric]["difference"] > 0
        assert (pair[metric]["low"], pair[metric]["p_value"], pair[metric]["p_holm"]) == (None,) * 3
    (pair,) = assessed(60)["comparisons"]
    assert pair["accuracy"]["low"] > 0
    assert pair["accuracy"]["p_holm"] < 0.05


def test_a_report_of_five_images_says_that_they_are_too_few(
    toy_checkpoint: Checkpoint, tmp_path: Path
) -> None:
    data = labelled(40, 4)
    rows = np.concatenate([np.flatnonzero(data.is_fake)[:2], np.flatnonzero(~data.is_fake)[:3]])
    write_report(examine(toy_checkpoint, data.take(rows), name="five.csv"), tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert page.count("too few images for an interval") >= 2
    assert "– to –" not in page


def test_a_score_file_of_five_images_has_no_auroc_interval(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    labels = ["real", "real", "fake", "fake", "fake"]
    rows = [f"{n}.jpg,theirs,0.{2 * n + 1},{label}" for n, label in enumerate(labels)]
    path.write_text("\n".join(["path,detector,p_fake,label", *rows]))
    figures = run("evaluate", "--scores", path, "--json").document["heads"]["scores"]
    assert figures["auroc"] == [1.0, None, None]
    assert "AUROC 1.000, accuracy" in run("evaluate", "--scores", path).out
