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
SHARED = ROOT / ".." / "shared"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return Checkpoint.load(ROOT / "checkpoints" / "default")


@pytest.fixture(scope="module")
def own_backbone(checkpoint: Checkpoint) -> Backbone:
    return load_backbone(checkpoint.card.backbone.name)


@pytest.mark.parametrize(
    ("name", "preset"), [("default", "robust"), ("faces", "robust"), ("source", "source")]
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
    assert card.experts == (("dfdc_faces",), ("faces_swapped",), ("scenes",), ("stylegan_ffhq",))
    assert {scope.name for scope in card.scopes} == {name for (name,) in card.experts}
    assert card.heads[card.default_head].reject.shrunk


def test_the_shipped_checkpoint_is_small() -> None:
    folder = ROOT / "checkpoints" / "default"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 32e6


@pytest.mark.data
@pytest.mark.parametrize("name", ["data", "wild"])
def test_the_cards_test_figures_reproduce_on_a_part_of_the_test_split(
    name: str, checkpoint: Checkpoint, own_backbone: Backbone
) -> None:
    path = SHARED / name / "manifest.csv"
    if not path.is_file():
        pytest.skip(f"../shared/{name} is not here: the card's figures cannot be measured again")
    manifest = read_manifest(path)
    rows = manifest.split("test")[::8]
    part = load_labelled(manifest, rows, own_backbone, purpose="this test")
    assert not any(checkpoint.seen(key) for key in part.keys)
    trained = manifest.split("train")[0].path.read_bytes()
    assert checkpoint.seen(hashlib.sha256(trained).hexdigest())
    for head, prediction in checkpoint.predict(part.features).items():
        card = checkpoint.card.heads[head]
        right = (prediction.p_fake >= card.threshold) == part.is_fake
        for source in set(part.sources):
            accuracy = right[part.from_source(source)].mean()
            # 70 to 110 images of each source: three standard errors.
            assert accuracy == pytest.approx(card.test[source]["accuracy"], abs=0.15), head
