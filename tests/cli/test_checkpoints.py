"""checkpoint list, show, verify and compare, on real checkpoints and on damaged ones."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from review_app.core.settings import DEFAULT_CHECKPOINT
from review_app.inference.backbones import load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import Versions
from review_app.lab.training import train_heads
from tests.cli.conftest import Run
from tests.detector.conftest import labelled
from tests.intake.samples import encode, picture

FIGURES = ["auroc", "accuracy", "f1", "ece", "nll", "brier", "aurc", "error_auroc"]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint on the embedded backbone, trained on made-up features."""
    backbone = load_backbone("efficientnet_lite0")
    width = backbone.card.width
    trained = train_heads(
        Versions(labelled(60, 1, width=width)),
        Versions(labelled(40, 2, width=width)),
        test=labelled(40, 3, width=width),
        backbone=backbone.card,
        backbone_key=backbone.key,
        name="other",
        data_name="made-up",
        seed=1,
    )
    path = tmp_path_factory.mktemp("checkpoints") / "other"
    trained.save(path)
    return path


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Twelve labelled pictures."""
    lines = ["path,label"]
    for i in range(12):
        (tmp_path / f"{i}.png").write_bytes(encode(picture(40, 40, seed=i), "PNG"))
        lines.append(f"{i}.png,{('real', 'fake')[i % 2]}")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def kept(other: Path, data_dir: Path, name: str = "other") -> Path:
    """A copy of ``other`` where ``train`` would have put it."""
    path = data_dir / "checkpoints" / name
    shutil.copytree(other, path)
    return path


def test_the_list_holds_the_shipped_and_the_trained_ones(
    run: Run, other: Path, data_dir: Path
) -> None:
    path = kept(other, data_dir)
    listed = run("checkpoint", "list", "--json").document["checkpoints"]
    shipped, faces, source, trained = listed
    assert shipped["id"] == Checkpoint.load(DEFAULT_CHECKPOINT).id
    assert shipped["path"] == str(DEFAULT_CHECKPOINT)
    assert faces["path"] == str(DEFAULT_CHECKPOINT.parent / "faces")
    assert source["path"] == str(DEFAULT_CHECKPOINT.parent / "source")
    assert (trained["path"], trained["backbone"]) == (str(path), "efficientnet_lite0")
    assert len(trained["test_auroc"]) == 3
    assert not trained["in_force"]
    run("doctor")  # gives the deployment its first policy
    assert run("checkpoint", "list", "--json").document["checkpoints"][0]["in_force"]
    words = run("checkpoint", "list").out
    assert words.startswith(f"* {shipped['id']}: ")
    assert f"\n  {trained['id']}: " in words


def test_a_damaged_checkpoint_is_listed_with_its_reason(
    run: Run, other: Path, data_dir: Path
) -> None:
    (kept(other, data_dir) / "heads.safetensors").write_bytes(b"damaged")
    outcome = run("checkpoint", "list", "--json")
    assert outcome.code == 3
    broken = outcome.document["checkpoints"][3]
    assert sorted(broken) == ["error", "path"]
    assert "sha256 differs" in broken["error"]
    assert "sha256 differs" in run("checkpoint", "list").out


def test_the_database_remembers_checkpoints_of_other_folders(
    run: Run, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVIEW_CHECKPOINT", str(other))
    run("doctor")
    monkeypatch.delenv("REVIEW_CHECKPOINT")
    found = run("checkpoint", "list", "--json").document["checkpoints"]
    assert [each["path"] for each in found if each["in_force"]] == [str(other)]


def test_show_tells_what_the_card_says(run: Run, other: Path) -> None:
    document = run("checkpoint", "show", other, "--json").document
    checkpoint = Checkpoint.load(other)
    assert document["id"] == checkpoint.id
    assert document["card"] == checkpoint.card.model_dump(mode="json")
    words = run("checkpoint", "show", other).out
    value, low, high = checkpoint.card.heads[checkpoint.default_head].test["all"]["auroc"]
    assert f"AUROC {value:.3f} ({low:.3f} to {high:.3f})" in words
    assert f"* {checkpoint.default_head.value}" in words
    assert "made-up: 60 training" in words
    assert checkpoint.card.licence in words
    assert "parent:   none" in words
    assert "first: AUROC" in words
    kind = checkpoint.card.scopes[0].heads[checkpoint.default_head]
    assert kind.error is not None
    assert kind.auroc is not None
    assert f"    first: AUROC {kind.auroc[0]:.3f}" in words
    assert f"error {kind.error[0]:.3f}" in words


def test_a_checkpoint_is_found_by_its_name(run: Run, other: Path, data_dir: Path) -> None:
    kept(other, data_dir, "mine")
    assert run("checkpoint", "show", "mine", "--json").document["id"] == Checkpoint.load(other).id
    shipped = run("checkpoint", "show", "default", "--json").document
    assert shipped["path"] == str(DEFAULT_CHECKPOINT)
    assert "there is no nowhere/card.json" in run("checkpoint", "show", "nowhere").fault


def test_verify_loads_all_of_it(run: Run) -> None:
    document = run("checkpoint", "verify", "default", "--json").document
    checkpoint = Checkpoint.load(DEFAULT_CHECKPOINT)
    assert document["id"] == checkpoint.id
    assert document["backbone"] == checkpoint.card.backbone_key
    assert "is in order" in run("checkpoint", "verify", "default").out


def test_verify_says_what_is_wrong(run: Run, other: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed"
    shutil.copytree(other, changed)
    card: dict[str, Any] = json.loads((changed / "card.json").read_text())
    (changed / "card.json").write_text(json.dumps(card | {"backbone_key": "another"}))
    assert "was trained on features of another" in run("checkpoint", "verify", changed).fault
    (changed / "card.json").write_text(json.dumps(card | {"surprise": 1}))
    assert "field surprise" in run("checkpoint", "verify", changed).fault
    (changed / "card.json").write_text(json.dumps(card | {"schema_version": 999}))
    assert "schema version 999" in run("checkpoint", "verify", changed).fault


def test_cards_are_compared_without_images(run: Run, other: Path) -> None:
    document = run("checkpoint", "compare", "default", other, "--json").document
    first, second = (Checkpoint.load(each) for each in (DEFAULT_CHECKPOINT, other))
    assert (document["first"], document["second"]) == (first.id, second.id)
    assert document["measured"] is None
    assert document["cards"][second.id] == second.card.heads[second.default_head].test["all"]
    words = run("checkpoint", "compare", "default", other).out
    assert len(words.splitlines()) == 2
    assert "on its own test images: AUROC" in words
    assert "name two different ones" in run("checkpoint", "compare", other, other).fault


def test_both_are_measured_on_the_same_images(run: Run, other: Path, manifest: Path) -> None:
    outcome = run("checkpoint", "compare", "default", other, manifest, "--json")
    measured = outcome.document["measured"]
    assert (measured["n"], measured["split"]) == (12, None)
    assert set(measured["seen"].values()) == {0}
    evaluated = run("evaluate", manifest, "--checkpoint", other, "--json").document
    checkpoint = Checkpoint.load(other)
    figures = measured["figures"][checkpoint.id]
    assert list(figures) == [*FIGURES, "intervals"]
    assert figures["auroc"] == evaluated["heads"][checkpoint.default_head]["auroc"]
    ours = measured["figures"][Checkpoint.load(DEFAULT_CHECKPOINT).id]
    difference = measured["difference"]["auroc"]
    assert difference["difference"] == pytest.approx(ours["auroc"][0] - figures["auroc"][0])
    assert difference["low"] <= difference["difference"] <= difference["high"]
    words = run("checkpoint", "compare", "default", other, manifest).out
    assert "first minus second" in words
    assert f"{difference['difference']:+.3f}" in words


def test_images_that_one_has_learned_from_are_told(
    run: Run, other: Path, manifest: Path, tmp_path: Path
) -> None:
    backbone = load_backbone("efficientnet_lite0")
    data = labelled(12, 5, width=backbone.card.width)
    files = [(manifest.parent / f"{i}.png").read_bytes() for i in range(12)]
    data = replace(data, keys=tuple(hashlib.sha256(each).hexdigest() for each in files))
    learned = train_heads(
        Versions(data),
        Versions(labelled(40, 2, width=backbone.card.width)),
        test=None,
        backbone=backbone.card,
        backbone_key=backbone.key,
        name="learned",
        data_name="the pictures",
        seed=1,
    )
    learned.save(tmp_path / "learned")
    words = run("checkpoint", "compare", other, tmp_path / "learned", manifest).out
    assert f"{learned.id} has learned from 12 of these images" in words


def test_a_split_that_is_not_there_is_refused(run: Run, other: Path, manifest: Path) -> None:
    fault = run("checkpoint", "compare", "default", other, manifest, "--split", "mars").fault
    assert "has no split 'mars'; its splits: none" in fault
