"""The source protocol, on real files through the real backbone, with small grids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from review_app.core.errors import InputError, ManifestError
from review_app.core.progress import Progress
from review_app.inference.backbones import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.heads import Grid, HeadName
from review_app.inference.heads.mc_dropout import McDropoutTraining
from review_app.inference.heads.variational import VariationalTraining
from review_app.inference.presets import PRESETS
from review_app.lab.protocol import SEARCHED, SOURCE, run_protocol, searched
from review_app.lab.source_figures import SOURCE_FIGURES
from review_app.manifests.manifest import Manifest, read_manifest
from tests.detector.manifests import picture_manifest

GRIDS = {
    HeadName.VARIATIONAL: Grid(
        VariationalTraining(epochs=3), {"kl_weight": (0.1, 1.0), "prior_std": (0.5, 2.0)}
    ),
    HeadName.MC_DROPOUT: Grid(
        McDropoutTraining(epochs=3, passes=5), {"dropout": (0.1, 0.5), "hidden": (16, 32)}
    ),
}
CACHE = MemoryFeatureCache()


def _run(manifest: Manifest, backbone: Backbone, out: Path, stop: str = "") -> dict[str, Any]:
    @contextmanager
    def bar(step: str) -> Iterator[Progress]:
        if step == stop:
            raise KeyboardInterrupt
        yield lambda done, total: None

    return run_protocol(manifest, backbone, out, cache=CACHE, grids=GRIDS, bar=bar)


def _written(out: Path) -> dict[str, int]:
    """When each file below was written, by its name."""
    return {
        str(path.relative_to(out)): path.stat().st_mtime_ns
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.parent.name != "search"
    }


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """72 pictures of two sources."""
    return picture_manifest(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def out(manifest: Manifest, backbone: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run, which was cut off twice before."""
    out = tmp_path_factory.mktemp("run") / "out"
    for step in ("Training", "Report"):
        with pytest.raises(KeyboardInterrupt):
            _run(manifest, backbone, out, stop=step)
        assert not (out / "report").exists()
    _run(manifest, backbone, out)
    return out


@pytest.fixture(scope="module")
def document(out: Path) -> dict[str, Any]:
    """Its numbers."""
    found: dict[str, Any] = json.loads((out / "report" / "metrics.json").read_text())
    return found


def test_both_checkpoints_are_trained_and_work(out: Path, document: dict[str, Any]) -> None:
    for name in (SOURCE, SEARCHED):
        checkpoint = Checkpoint.load(out / "checkpoints" / name)
        assert (checkpoint.card.name, checkpoint.card.preset) == (name, name)
        assert checkpoint.id == document["runs"][name]["checkpoint"]
        test = checkpoint.card.heads[HeadName.LINEAR].test["all"]
        assert document["runs"][name]["heads"]["linear"]["auroc"] == test["auroc"]


def test_the_searched_checkpoint_has_what_the_search_chose(
    out: Path, document: dict[str, Any]
) -> None:
    assert json.loads((out / "search" / "search.json").read_text()) == document["search"]
    card = Checkpoint.load(out / "checkpoints" / SEARCHED).card
    for head, found in document["search"].items():
        training = card.heads[HeadName(head)].training
        assert found["best"].items() <= training.items()
        assert training["epochs"] == document["runs"][SOURCE]["heads"][head]["training"]["epochs"]
    assert set(document["comparisons"]) == set(document["search"])


def test_every_report_is_there(out: Path) -> None:
    report = out / "report"
    for path in ("index.html", "source/report.html", "source-searched/report.html"):
        assert (report / path).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (report / "figures" / "search.png").stat().st_size > 5000


def test_a_finished_run_is_not_done_again(
    manifest: Manifest, backbone: Backbone, out: Path, document: dict[str, Any]
) -> None:
    before = _written(out)
    assert _run(manifest, backbone, out) == document
    assert _written(out) == before


def test_what_was_lost_is_made_again_and_the_rest_is_kept(
    manifest: Manifest, backbone: Backbone, out: Path, document: dict[str, Any]
) -> None:
    before = _written(out)
    checkpoint = out / "checkpoints" / SEARCHED
    checkpoint.rename(out.parent / "lost")
    assert _run(manifest, backbone, out) == document
    after = _written(out)
    assert {name for name in before if before[name] != after[name]} == {
        "stages.json",
        "checkpoints/source-searched/card.json",
        "checkpoints/source-searched/heads.safetensors",
    }
    assert Checkpoint.load(checkpoint).id == document["runs"][SEARCHED]["checkpoint"]


def test_a_changed_manifest_trains_anew(backbone: Backbone, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    manifest = picture_manifest(folder, sizes={"train": 8, "val": 6, "test": 6}, sources=("a",))

    def tested() -> list[int]:
        """How many test images each checkpoint was measured on."""
        with pytest.raises(KeyboardInterrupt):
            _run(read_manifest(manifest.path), backbone, tmp_path / "out", stop="Report")
        folders = [tmp_path / "out" / "checkpoints" / name for name in (SOURCE, SEARCHED)]
        return [Checkpoint.load(path).card.data.n_test for path in folders]

    assert tested() == [6, 6]
    cells = (tmp_path / "out" / "search" / "search.jsonl").read_text()
    lines = manifest.path.read_text(encoding="utf-8").splitlines(keepends=True)
    manifest.path.write_text("".join(lines[:-2]), encoding="utf-8")
    assert tested() == [4, 4]
    assert (tmp_path / "out" / "search" / "search.jsonl").read_text() == cells


def test_a_folder_of_something_else_is_left_alone(
    manifest: Manifest, backbone: Backbone, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="choose a new folder"):
        _run(manifest, backbone, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_manifest_without_a_test_split_is_refused(backbone: Backbone, tmp_path: Path) -> None:
    manifest = picture_manifest(tmp_path, sizes={"train": 4, "val": 4})
    with pytest.raises(ManifestError, match="no rows of split 'test'; its splits: train, val"):
        _run(manifest, backbone, tmp_path / "out")
    assert not list((tmp_path / "out").glob("checkpoints"))


def test_only_what_was_searched_differs_from_the_preset() -> None:
    best = {"hidden": 512, "dropout": 0.1}
    found = searched(PRESETS["source"], {"mc_dropout": {"best": best}}, name="mine")
    assert found.name == "mine"
    assert found.heads[HeadName.MC_DROPOUT] == McDropoutTraining(hidden=512, dropout=0.1)
    others = set(HeadName) & set(found.heads) - {HeadName.MC_DROPOUT}
    assert all(found.heads[name] == PRESETS["source"].heads[name] for name in others)


def test_the_documents_figures_agree_with_each_other() -> None:
    for figures in SOURCE_FIGURES["heads"].values():
        if "uncertainty_gap" in figures:
            gap = figures["std_wrong"] - figures["std_correct"]
            assert gap == pytest.approx(figures["uncertainty_gap"], abs=1e-9)
        for at in figures["thresholds"].values():
            recall, precision = at["recall"], at["precision"]
            assert at["f1"] == pytest.approx(
                2 * recall * precision / (recall + precision), abs=2e-3
            )
