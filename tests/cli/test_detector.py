"""train and evaluate, on a small manifest of real files through the real backbone."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.inference.checkpoint import Checkpoint
from tests.applications import deployment
from tests.cli.conftest import Run
from tests.intake.samples import encode, picture

HEADS = {"linear", "naive_bayes", "mc_dropout", "variational", "ensemble"}
METRICS = [
    "auroc", "accuracy", "f1", "precision", "recall", "brier", "nll", "ece", "threshold",
    "std_correct", "std_wrong", "uncertainty_gap", "error_auroc", "aurc", "eaurc", "augrc",
    "reject",
]  # fmt: skip
SIZES = {"train": 16, "val": 8, "test": 8}


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Smooth pictures are real, noisy ones fake; a head can learn that from a few."""
    folder = tmp_path / "in"
    folder.mkdir()
    rows: list[list[str]] = []
    for split, n in SIZES.items():
        for i in range(n):
            label = ("real", "fake")[i % 2]
            name = f"{split}-{i}.png"
            (folder / name).write_bytes(_image(len(rows), noisy=label == "fake"))
            rows.append([name, label, "made", name, split])
    path = folder / "manifest.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "source", "group", "split"])
        writer.writerows(rows)
    return path


def _image(seed: int, noisy: bool) -> bytes:
    smooth = np.asarray(picture(64, 64, seed=seed), np.int16)
    noise = np.random.default_rng(seed).integers(-60, 60, smooth.shape) if noisy else 0
    return encode(Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8)), "PNG")


def test_a_checkpoint_is_trained_evaluated_and_put_to_work(
    run: Run, data_dir: Path, manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "checkpoint"
    scopes = tmp_path / "scopes.json"
    scopes.write_text(
        '{"sources": {"made": {"content": "made-up pictures"}}, "failures": ["Fog."]}'
    )
    trained = run("train", manifest, "--out", out, "--scopes", scopes, "--json")
    assert trained.code == 0
    document = trained.document
    assert list(document) == ["checkpoint", "path", "default_head", "test"]
    assert document["path"] == str(out)
    assert set(document["test"]) == HEADS
    assert Checkpoint.load(out).id == document["checkpoint"]
    shown = run("checkpoint", "show", out).out
    assert "made (made-up pictures): AUROC" in shown
    assert "Fog." in shown
    assert "exists" in run("train", manifest, "--out", out).fault

    evaluated = run("evaluate", manifest, "--checkpoint", out, "--json").document
    assert list(evaluated) == ["checkpoint", "n", "heads"]
    assert (evaluated["checkpoint"], evaluated["n"]) == (document["checkpoint"], SIZES["test"])
    assert set(evaluated["heads"]) == HEADS
    for figures in evaluated["heads"].values():
        assert sorted(figures) == sorted(METRICS)
        value, low, high = figures["auroc"]
        assert 0 <= low <= value <= high <= 1
        assert [list(line) for line in figures["reject"]] == [["rate", "accuracy", "f1"]] * 4
    assert evaluated["heads"]["linear"]["std_correct"] is None
    assert evaluated["heads"]["linear"]["auroc"][0] > 0.9

    words = run("evaluate", manifest, "--checkpoint", out, "--split", "val").out
    assert words.startswith(f"{document['checkpoint']} on {SIZES['val']} images\n")
    assert "AUROC" in words

    monkeypatch.setenv("REVIEW_CHECKPOINT", str(out))
    assert run("doctor", "--json").document["checkpoint"] == document["checkpoint"]
    run("ingest", manifest)
    assert run("triage", "--json").document["scored"] == sum(SIZES.values())
    with deployment(tmp_path, checkpoint=out) as place:
        # Of all these labels only those of images that the checkpoint has not seen may count.
        words = place.app.policies.preview(place.factory.admin(), 0.3, 0.5)
    assert words.startswith(f"With {SIZES['test']} known labels ")

    images = tmp_path / "images"
    run("export", images, "--format", "imagefolder")
    learned = run("train", images, "--preset", "source", "--json")
    assert learned.code == 0, "an export is trained on as it is"
    again = Path(learned.document["path"])
    assert again.parent == data_dir / "checkpoints", "without a place of its own"
    assert again.name.startswith(f"{images.stem}-")
    card = Checkpoint.load(again).card
    assert (card.data.name, card.data.n_train) == ("manifest.csv", SIZES["train"])
    assert Checkpoint.load(again).id == learned.document["checkpoint"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--preset", "mine"), "there is no preset 'mine'; choose from: "),
        (("--backbone", "resnet"), "resnet"),
    ],
)
def test_what_cannot_be_trained_is_told_before_anything_is_done(
    run: Run, manifest: Path, tmp_path: Path, arguments: tuple[str, str], words: str
) -> None:
    fault = run("train", manifest, "--out", tmp_path / "checkpoint", *arguments).fault
    assert words in fault
    assert not (tmp_path / "checkpoint").exists()


def test_a_manifest_without_labels_cannot_be_evaluated(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode(picture(), "PNG"))
    (tmp_path / "manifest.csv").write_text("path\na.png\n")
    fault = run("evaluate", tmp_path / "manifest.csv", "--json").fault
    assert "no label, at row 2 (a.png); write real or fake" in fault


def test_a_checkpoint_that_is_not_there_is_named(run: Run, tmp_path: Path, manifest: Path) -> None:
    fault = run("evaluate", manifest, "--checkpoint", tmp_path / "nowhere").fault
    assert str(tmp_path / "nowhere") in fault
