"""Checkpoints: whole or absent on disk, verified to the byte on the way in."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from review_app.core.errors import CheckpointError
from review_app.inference.checkpoint import Checkpoint
from tests.detector.conftest import labelled, train_toy


@pytest.fixture
def folder(toy_checkpoint: Checkpoint, tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint"
    toy_checkpoint.save(path)
    return path


def rewrite_card(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def rewrite_tensors(folder: Path, **changes: np.ndarray[Any, Any] | None) -> None:
    tensors = load_file(folder / "heads.safetensors") | changes
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, folder / "heads.safetensors")
    data = (folder / "heads.safetensors").read_bytes()
    rewrite_card(folder, heads_sha256=hashlib.sha256(data).hexdigest())


def test_a_checkpoint_comes_back_as_it_was_saved(toy_checkpoint: Checkpoint, folder: Path) -> None:
    loaded = Checkpoint.load(folder)
    assert loaded.card == toy_checkpoint.card
    assert loaded.id == toy_checkpoint.id
    assert loaded.id.startswith("toy-")
    assert loaded.default_head in loaded.heads
    features = labelled(30, 5).features
    for name, prediction in toy_checkpoint.predict(features).items():
        again = loaded.predict(features)[name]
        assert again.p_fake.tobytes() == prediction.p_fake.tobytes()
        assert again.std.tobytes() == prediction.std.tobytes()


def test_the_folder_holds_weights_and_a_card_and_no_code(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["card.json", "heads.safetensors"]


def test_it_knows_the_images_it_was_trained_and_chosen_on(folder: Path) -> None:
    checkpoint = Checkpoint.load(folder)
    assert all(checkpoint.seen(key) for key in labelled(160, 1).keys)  # train
    assert all(checkpoint.seen(key) for key in labelled(120, 2).keys)  # val
    assert not any(checkpoint.seen(key) for key in labelled(120, 3).keys)  # test


@pytest.mark.parametrize("position", [0, 9, 700, -1])
def test_one_flipped_byte_of_the_tensors_is_refused(folder: Path, position: int) -> None:
    path = folder / "heads.safetensors"
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"sha256 differs.*copy the checkpoint folder again"):
        Checkpoint.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"linear.weight": None}, "tensor weight is missing"),
        ({"linear.weight": np.zeros(7, np.float32)}, r"weight is float32 \[7\]"),
        ({"linear.weight": np.zeros(24, np.float64)}, "weight is float64"),
        ({"linear.bias": np.array([np.nan], np.float32)}, "not finite"),
        ({"linear.extra": np.zeros(1, np.float32)}, r"\['linear.extra'\] are not in the card"),
        ({"pickle": np.zeros(1, np.float32)}, r"\['pickle'\] are not in the card"),
        ({"seen": None}, "tensor seen is missing"),
        ({"standardizer.mean": None}, "tensor mean is missing"),
    ],
)
def test_wrong_tensors_are_refused_even_under_a_right_hash(
    folder: Path, changes: dict[str, Any], message: str
) -> None:
    rewrite_tensors(folder, **changes)
    with pytest.raises(CheckpointError, match=message):
        Checkpoint.load(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 3}, "has schema version 3; this program reads 1 and 2"),
        ({"schema_version": None}, "has schema version None"),
        ({"surprise": 1}, "field surprise"),
        ({"backbone_key": None}, "field backbone_key"),
        ({"default_head": "oracle"}, "field default_head"),
    ],
)
def test_a_card_of_another_schema_or_with_wrong_fields_is_refused(
    folder: Path, changes: dict[str, Any], message: str
) -> None:
    rewrite_card(folder, **changes)
    with pytest.raises(CheckpointError, match=message):
        Checkpoint.load(folder)


def test_a_default_head_that_is_not_there_is_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    heads = {name: head for name, head in card["heads"].items() if name != card["default_head"]}
    rewrite_card(folder, heads=heads)
    with pytest.raises(CheckpointError, match=r"default head .* is not among its heads"):
        Checkpoint.load(folder)


@pytest.mark.parametrize("name", ["card.json", "heads.safetensors"])
def test_a_missing_or_garbled_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff garbage")
    with pytest.raises(CheckpointError, match=name):
        Checkpoint.load(folder)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=rf"there is no .*{name}"):
        Checkpoint.load(folder)


def test_features_of_another_width_are_refused(toy_checkpoint: Checkpoint) -> None:
    with pytest.raises(CheckpointError, match=r"needs features \[n, 24\] of toy"):
        toy_checkpoint.predict(np.zeros((2, 25), dtype=np.float32))


def test_an_existing_folder_is_never_overwritten(toy_checkpoint: Checkpoint, folder: Path) -> None:
    before = (folder / "card.json").read_bytes()
    with pytest.raises(CheckpointError, match="exists already"):
        toy_checkpoint.save(folder)
    assert (folder / "card.json").read_bytes() == before


def test_a_save_that_fails_halfway_leaves_nothing(
    toy_checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def full_disk(file: int) -> None:
        synced.append(file)
        if len(synced) == 2:
            assert not (tmp_path / "out").exists()
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(CheckpointError, match="No space left"):
        toy_checkpoint.save(tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_the_same_data_and_seed_give_the_same_file(toy_checkpoint: Checkpoint) -> None:
    assert train_toy().card.heads_sha256 == toy_checkpoint.card.heads_sha256
    assert train_toy(seed=2).card.heads_sha256 != toy_checkpoint.card.heads_sha256
