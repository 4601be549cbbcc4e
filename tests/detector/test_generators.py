"""What made an image stays with its features, and a checkpoint's card counts it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from review_app.inference.backbones import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions, load_labelled
from review_app.lab.training import train_heads
from review_app.manifests.manifest import read_manifest, write_manifest
from tests.detector.conftest import labelled, toy_card
from tests.detector.manifests import picture_manifest


def _made(n: int, seed: int) -> LabelledFeatures:
    data = labelled(n, seed)
    return replace(data, generators=tuple("gan" if fake else "photo" for fake in data.is_fake))


def test_taking_and_joining_keep_each_images_generator() -> None:
    data = _made(20, 1)
    rows = np.array([7, 3, 11])
    assert data.take(rows).generators == tuple(data.generators[row] for row in rows)
    assert data[4:6].generators == data.generators[4:6]
    assert data[:5].joined(data[9:]).generators == data.generators[:5] + data.generators[9:]
    assert data.joined(labelled(3, 2)).generators == ()
    with pytest.raises(ValueError, match="generators differ in length"):
        replace(data, generators=("gan",))


def test_the_card_counts_training_images_by_generator(tmp_path: Path) -> None:
    train = _made(120, 1)
    made = train_heads(
        Versions(train),
        Versions(_made(80, 2)),
        backbone=toy_card(),
        backbone_key="toy",
        name="toy",
        data_name="toy.csv",
    )
    fakes = int(train.is_fake.sum())
    assert made.card.data.generators == {"gan": fakes, "photo": 120 - fakes}
    made.save(tmp_path / "made")
    path = tmp_path / "made" / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    assert Checkpoint.load(tmp_path / "made").card == made.card
    del card["data"]["generators"]  # as cards were before
    path.write_text(json.dumps(card), encoding="utf-8")
    assert Checkpoint.load(tmp_path / "made").card.data.generators == {}


def test_a_manifests_generators_come_with_its_features(backbone: Backbone, tmp_path: Path) -> None:
    manifest = picture_manifest(tmp_path, sizes={"train": 4}, sources=("only",))
    assert load_labelled(manifest, manifest.rows, backbone, purpose="a test").generators == ()
    rows = [replace(row, generator="noise") if row.row % 2 else row for row in manifest.rows]
    write_manifest(tmp_path / "known.csv", rows)
    known = read_manifest(tmp_path / "known.csv")
    assert load_labelled(known, known.rows, backbone, purpose="a test").generators == (
        *("", "noise"),
        *("", "noise"),
    )
