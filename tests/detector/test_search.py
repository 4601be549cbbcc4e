"""Searches: each cell once, the same bits however many threads, and never for other data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from review_app.core.errors import DetectorError
from review_app.core.placements import auroc
from review_app.inference.dataset import LabelledFeatures
from review_app.inference.heads import Grid, HeadName, Standardizer
from review_app.inference.heads.mc_dropout import McDropoutTraining
from review_app.inference.heads.variational import VariationalTraining
from review_app.lab.search import SOURCE_GRIDS, search
from tests.detector.conftest import labelled

SMALL = {
    HeadName.VARIATIONAL: Grid(
        VariationalTraining(epochs=3), {"kl_weight": (0.1, 2.0), "prior_std": (0.5, 2.0)}
    ),
    HeadName.MC_DROPOUT: Grid(
        McDropoutTraining(epochs=3, passes=5), {"dropout": (0.1, 0.5), "hidden": (8, 16)}
    ),
}
TRAIN, VAL = labelled(96, 1), labelled(80, 2)


def without_seconds(document: dict[str, Any]) -> dict[str, Any]:
    return {
        head: found | {"grid": [{**cell, "seconds": 0} for cell in found["grid"]]}
        for head, found in document.items()
    }


def progress_of(out: Path, train: LabelledFeatures = TRAIN, **given: Any) -> list[int]:
    """How many cells were done before each call of progress."""
    seen: list[int] = []
    search(train, VAL, out, grids=SMALL, progress=lambda done, _: seen.append(done), **given)
    return seen


def test_the_grids_are_the_source_methods() -> None:
    variational, dropout = (list(SOURCE_GRIDS[head].cells()) for head in SMALL)
    assert len(variational) == 12
    assert variational[:2] == [
        {"kl_weight": 0.1, "prior_std": 0.5},
        {"kl_weight": 0.1, "prior_std": 1.0},
    ]
    assert {cell["kl_weight"] for cell in variational} == {0.1, 0.5, 1.0, 2.0}
    assert {cell["prior_std"] for cell in variational} == {0.5, 1.0, 2.0}
    assert len(dropout) == 9
    assert {cell["dropout"] for cell in dropout} == {0.1, 0.3, 0.5}
    assert {cell["hidden"] for cell in dropout} == {128, 256, 512}
    assert SOURCE_GRIDS[HeadName.VARIATIONAL].base == VariationalTraining(epochs=50)
    assert SOURCE_GRIDS[HeadName.MC_DROPOUT].base == McDropoutTraining(epochs=30, passes=20)


def test_every_cell_is_the_fit_that_its_parameters_name(tmp_path: Path) -> None:
    document = search(TRAIN, VAL, tmp_path, grids=SMALL, seed=7)
    standardizer = Standardizer.fit(TRAIN.features)
    for head, grid in SMALL.items():
        found = document[head.value]
        assert [cell["params"] for cell in found["grid"]] == list(grid.cells())
        for cell in found["grid"]:
            fitted = replace(grid.base, **cell["params"]).fit(  # type: ignore[type-var]
                standardizer.apply(TRAIN.features), TRAIN.is_fake, seed=7
            )
            p_fake = fitted.predict(standardizer.apply(VAL.features)).p_fake
            value, low, high = cell["val_auroc"]
            assert value == auroc(p_fake, VAL.is_fake)
            assert low <= value <= high
        best = max(cell["val_auroc"][0] for cell in found["grid"])
        first = next(cell for cell in found["grid"] if cell["val_auroc"][0] == best)
        assert found["best"] == first["params"]
    assert json.loads((tmp_path / "search.json").read_text()) == document


def test_of_equal_cells_the_first_is_chosen(tmp_path: Path) -> None:
    grid = Grid(
        McDropoutTraining(hidden=8, epochs=1, learning_rate=0.0), {"weight_decay": (0.3, 0.1)}
    )
    found = search(TRAIN, VAL, tmp_path, grids={HeadName.MC_DROPOUT: grid})["mc_dropout"]
    assert found["grid"][0]["val_auroc"] == found["grid"][1]["val_auroc"]
    assert found["best"] == {"weight_decay": 0.3}


def test_threads_and_one_thread_give_the_same_bits(tmp_path: Path) -> None:
    serial = search(TRAIN, VAL, tmp_path / "1", grids=SMALL, workers=1)
    parallel = search(TRAIN, VAL, tmp_path / "3", grids=SMALL, workers=3)
    assert without_seconds(serial) == without_seconds(parallel)


def test_a_finished_cell_is_never_fitted_again(tmp_path: Path) -> None:
    assert progress_of(tmp_path) == list(range(9))
    document = json.loads((tmp_path / "search.json").read_text())
    assert progress_of(tmp_path) == [8]
    assert json.loads((tmp_path / "search.json").read_text()) == document


def test_a_search_that_was_stopped_goes_on(tmp_path: Path) -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(done: int, _: int | None) -> None:
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        search(TRAIN, VAL, tmp_path, grids=SMALL, progress=stop, workers=1)
    lines = (tmp_path / "search.jsonl").read_text().splitlines()
    assert len(lines) == 3
    resumed = search(TRAIN, VAL, tmp_path, grids=SMALL)
    assert (tmp_path / "search.jsonl").read_text().splitlines()[:3] == lines
    fresh = search(TRAIN, VAL, tmp_path / "fresh", grids=SMALL)
    assert without_seconds(resumed) == without_seconds(fresh)


def test_other_data_another_seed_or_another_fit_are_other_cells(tmp_path: Path) -> None:
    progress_of(tmp_path)
    relabelled = TRAIN.is_fake.copy()
    relabelled[0] = not relabelled[0]
    assert progress_of(tmp_path, replace(TRAIN, is_fake=relabelled))[0] == 0
    moved = TRAIN.features.copy()
    moved[3, 2] = np.nextafter(moved[3, 2], np.float32(9))
    assert progress_of(tmp_path, replace(TRAIN, features=moved))[0] == 0
    assert progress_of(tmp_path, seed=5)[0] == 0
    assert progress_of(tmp_path) == [8]


def test_one_class_only_or_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match="80 validation images are not of both classes"):
        search(TRAIN, replace(VAL, is_fake=np.ones_like(VAL.is_fake)), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DetectorError, match="choose another folder"):
        search(TRAIN, VAL, tmp_path / "file", grids=SMALL)


def test_a_damaged_journal_is_told_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "search.jsonl").write_text("{\n")
    with pytest.raises(DetectorError, match=r"search\.jsonl cannot be read .* delete the file"):
        search(TRAIN, VAL, tmp_path, grids=SMALL)
