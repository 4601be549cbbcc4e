"""From a manifest to a checkpoint and its figures, through the real backbone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import (
    CheckpointError,
    DetectorError,
    InputError,
    ManifestError,
    ReviewAppError,
)
from review_app.inference.backbones import Backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import LabelledFeatures, Versions, decode_plainly
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.features import FeatureCache
from review_app.inference.heads import HeadName
from review_app.lab.evaluation import evaluate, evaluate_manifest
from review_app.lab.training import train, train_heads
from review_app.manifests.manifest import Manifest, read_manifest
from tests.detector.conftest import labelled, toy_card


@pytest.fixture(scope="module")
def cache() -> FeatureCache:
    return MemoryFeatureCache()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 small pictures, smooth (real) and rough (fake), in three splits."""
    root = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(3)
    lines = ["path,label,source,split"]
    for number in range(48):
        label = ("real", "fake")[number % 2]
        small = rng.integers(0, 256, size=(4, 4, 3), dtype=np.uint8)
        how = Image.Resampling.BICUBIC if label == "real" else Image.Resampling.NEAREST
        Image.fromarray(small).resize((64, 64), how).save(root / f"{number}.png")
        split = ("train", "train", "val", "test")[number // 2 % 4]
        lines.append(f"{number}.png,{label},{'ab'[number % 3 == 0]},{split}")
    (root / "manifest.csv").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return read_manifest(folder / "manifest.csv")


@pytest.fixture(scope="module")
def trained(
    manifest: Manifest, backbone: Backbone, cache: FeatureCache, folder: Path
) -> Checkpoint:
    return train(manifest, backbone, folder / "out" / "mine", cache=cache)


def test_training_a_manifest_saves_a_checkpoint_that_tells_its_story(
    trained: Checkpoint, folder: Path
) -> None:
    card = Checkpoint.load(folder / "out" / "mine").card
    assert card == trained.card
    assert (card.name, card.backbone.name, card.preset) == ("mine", "efficientnet_lite0", "source")
    assert (card.data.n_train, card.data.n_val, card.data.n_test) == (24, 12, 12)
    assert sum(card.data.sources.values()) == 24
    for head in card.heads.values():
        assert set(head.test) == {"all", "a", "b"}
    losses = {name: len(head.losses) for name, head in card.heads.items()}
    assert losses == {
        HeadName.LINEAR: 30,
        HeadName.NAIVE_BAYES: 0,
        HeadName.MC_DROPOUT: 30,
        HeadName.VARIATIONAL: 50,
    }


def test_evaluate_gives_the_contracts_document_and_the_cards_figures(
    trained: Checkpoint, manifest: Manifest, backbone: Backbone, cache: FeatureCache
) -> None:
    document = evaluate_manifest(trained, manifest, backbone, cache=cache)
    json.dumps(document, allow_nan=False)
    assert set(document) == {"checkpoint", "n", "heads"}
    assert (document["checkpoint"], document["n"]) == (trained.id, 12)
    assert set(document["heads"]) == {"linear", "naive_bayes", "mc_dropout", "variational"}
    for name, metrics in document["heads"].items():
        assert metrics == trained.card.heads[HeadName(name)].test["all"]


def test_another_split_and_a_manifest_without_splits_can_be_evaluated(
    trained: Checkpoint,
    manifest: Manifest,
    backbone: Backbone,
    cache: FeatureCache,
    folder: Path,
) -> None:
    assert evaluate_manifest(trained, manifest, backbone, split="val", cache=cache)["n"] == 12
    (folder / "plain.csv").write_text("path,label\n0.png,real\n1.png,fake\n2.png,real\n")
    plain = read_manifest(folder / "plain.csv")
    assert evaluate_manifest(trained, plain, backbone, cache=cache)["n"] == 3
    with pytest.raises(ManifestError, match="no split 'dev'; its splits: test, train, val"):
        evaluate_manifest(trained, manifest, backbone, split="dev", cache=cache)


def test_a_checkpoint_of_other_features_is_not_evaluated(
    toy_checkpoint: Checkpoint, manifest: Manifest, backbone: Backbone
) -> None:
    with pytest.raises(CheckpointError, match="was trained on features of toy-v1"):
        evaluate_manifest(toy_checkpoint, manifest, backbone)


def test_a_decoder_of_the_callers_own_is_used(
    trained: Checkpoint, manifest: Manifest, backbone: Backbone
) -> None:
    names: list[str] = []

    def decode(data: bytes, name: str) -> Image.Image:
        names.append(name)
        return decode_plainly(data, name)

    evaluate_manifest(trained, manifest, backbone, decode=decode)
    assert sorted(names) == sorted(row.name for row in manifest.split("test"))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["0.png,real,train", "1.png,fake,train"], "no rows of split 'val'"),
        (["0.png,real,train", "2.png,real,train", "1.png,fake,val"], "real images only"),
        (["0.png,real,train", "1.png,,train", "3.png,fake,val"], "row 3"),
        (
            ["0.png,real,train", "1.png,fake,train", "gone.png,real,val", "3.png,fake,val"],
            r"row 4 \(gone.png\) cannot be read",
        ),
        (
            ["0.png,real,train", "1.png,fake,train", "bad.png,real,val", "3.png,fake,val"],
            r"1 images cannot be read: row 4 \(bad.png\): cannot identify",
        ),
    ],
)
def test_a_manifest_that_cannot_train_leaves_no_checkpoint(
    backbone: Backbone, cache: FeatureCache, folder: Path, lines: list[str], message: str
) -> None:
    (folder / "bad.png").write_text("<html>")
    (folder / "bad.csv").write_text("\n".join(["path,label,split", *lines]))
    with pytest.raises(ManifestError, match=message):
        train(read_manifest(folder / "bad.csv"), backbone, folder / "none", cache=cache)
    assert not (folder / "none").exists()


def test_a_folder_that_exists_and_an_unknown_preset_are_refused_before_any_work(
    manifest: Manifest, backbone: Backbone, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    def never(data: bytes, name: str) -> Image.Image:
        raise AssertionError("worked")

    refused: list[tuple[Path, str, type[ReviewAppError]]] = [
        (tmp_path, "source", CheckpointError),
        (tmp_path / "new", "best", DetectorError),
    ]
    for out, preset, error in refused:
        with pytest.raises(error):
            train(manifest, backbone, out, preset=preset, decode=never)


def test_training_data_of_one_class_is_refused() -> None:
    data = labelled(20, 1)
    one = LabelledFeatures(data.keys, data.features, np.ones(20, dtype=np.bool_))
    with pytest.raises(DetectorError, match="the 20 validation images are not of both classes"):
        train_heads(
            Versions(data),
            Versions(one),
            backbone=toy_card(),
            backbone_key="k",
            name="n",
            data_name="d",
        )


def test_nothing_cannot_be_evaluated(toy_checkpoint: Checkpoint) -> None:
    with pytest.raises(InputError, match="no labelled images"):
        evaluate(toy_checkpoint, labelled(10, 1)[:0])
