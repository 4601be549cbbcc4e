"""The checkpoint that ships: it loads, and its card's test figures can be measured again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.dataset import load_labelled
from review_app.inference.presets import PRESETS
from review_app.manifests.manifest import read_manifest

ROOT = Path(__file__).parents[2]
DATA = ROOT / ".." / "shared" / "data" / "manifest.csv"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return Checkpoint.load(ROOT / "checkpoints" / "default")


@pytest.fixture(scope="module")
def own_backbone(checkpoint: Checkpoint) -> Backbone:
    return load_backbone(checkpoint.card.backbone.name)


@pytest.mark.parametrize(
    ("name", "preset"), [("default", "robust"), ("source", "source")], ids=["default", "source"]
)
def test_the_shipped_checkpoints_load_and_fit_embedded_backbones(name: str, preset: str) -> None:
    shipped = Checkpoint.load(ROOT / "checkpoints" / name)
    backbone = load_backbone(shipped.card.backbone.name)
    assert shipped.card.preset == preset
    assert set(shipped.heads) == set(PRESETS[preset].heads)
    assert shipped.card.backbone_key == backbone.key
    assert shipped.card.backbone == backbone.card
    assert "research" in shipped.card.licence


def test_the_shipped_checkpoint_says_what_is_unlike_its_training(checkpoint: Checkpoint) -> None:
    card = checkpoint.card
    assert card.novelty is not None
    assert card.experts == (("dfdc_faces",), ("stylegan_ffhq",))
    assert card.heads[card.default_head].reject.shrunk


def test_the_shipped_checkpoint_is_small() -> None:
    folder = ROOT / "checkpoints" / "default"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12e6


@pytest.mark.data
def test_the_cards_test_figures_reproduce_on_a_part_of_the_test_split(
    checkpoint: Checkpoint, own_backbone: Backbone
) -> None:
    if not DATA.is_file():
        pytest.skip("../shared/data is not here: the card's figures cannot be measured again")
    manifest = read_manifest(DATA)
    rows = manifest.split("test")[::8]
    part = load_labelled(manifest, rows, own_backbone, purpose="this test")
    assert not any(checkpoint.seen(key) for key in part.keys)
    trained = manifest.split("train")[0].path.read_bytes()
    assert checkpoint.seen(hashlib.sha256(trained).hexdigest())
    for name, prediction in checkpoint.predict(part.features).items():
        card = checkpoint.card.heads[name]
        accuracy = ((prediction.p_fake >= card.threshold) == part.is_fake).mean()
        # 191 images of 1,530: three standard errors.
        assert accuracy == pytest.approx(card.test["all"]["accuracy"], abs=0.11), name
