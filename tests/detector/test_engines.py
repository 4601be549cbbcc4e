"""Engines: the same bits for each image whatever its company, the same features as the reference
or another detector, and a choice that is remembered."""

from __future__ import annotations

import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from review_app.core.errors import BackboneError
from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.backbones.card import BackboneCard
from review_app.inference.backbones.efficientnet import CARD
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.engines import (
    TOLERANCE,
    EngineName,
    Engines,
    Measured,
    choice,
    detector_id,
    feature_key,
    split_id,
)
from review_app.inference.engines.base import PixelNetwork
from review_app.inference.engines.made_images import made_images
from review_app.inference.engines.openvino_engine import converted
from review_app.inference.engines.openvino_sizes import MOST, OFTEN, Size, SizedRuns
from review_app.inference.feature_cache import MemoryFeatureCache
from review_app.inference.service import Detector

DEFAULT = Path(__file__).parents[2] / "checkpoints" / "default"
GRAM = "efficientnet_lite0_gram4"
SQUARE = "efficientnet_lite0"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="module", params=[GRAM, SQUARE])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def reference(name: str) -> Backbone:
    return load_backbone(name)


@pytest.fixture(scope="module")
def fast(name: str, folder: Path) -> Backbone:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    backbone = load_backbone(name)
    assert Engines("torch", folder).settle(backbone, EngineName.OPENVINO) is EngineName.OPENVINO
    return backbone


def test_openvino_agrees_with_the_reference_before_rounding(
    reference: Backbone, fast: Backbone
) -> None:
    (one,), (other,) = reference.networked(), fast.networked()
    for image in made_images():
        expected, found = one.unrounded(image), other.unrounded(image)
        error = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        assert 0 < error <= TOLERANCE  # 0 would be torch again


def test_the_same_bits_in_any_batch_order_thread_and_run(
    name: str, fast: Backbone, folder: Path, images: list[Image.Image]
) -> None:
    some = images[:24]
    alone = np.stack([fast.extract_one(image) for image in some])
    assert fast.extract(some).tobytes() == alone.tobytes()

    def shuffled(seed: int) -> bool:
        order = random.Random(seed).sample(range(len(some)), 9)
        return bool((fast.extract([some[i] for i in order]) == alone[order]).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(shuffled, range(6)))
    again = load_backbone(name)
    Engines("torch", folder).settle(again, EngineName.OPENVINO)  # as kept on disk
    assert again.extract(some[::-1])[::-1].tobytes() == alone.tobytes()


def test_features_stay_as_they_were_when_the_thread_goes_on(fast: Backbone) -> None:
    (network,) = fast.networked()
    one, other = made_images()[:2]
    said = network.unrounded(one)
    before = said.tobytes()
    assert network.unrounded(other).tobytes() != before
    assert said.tobytes() == before


def test_a_size_that_comes_often_has_a_network_of_its_own_with_the_same_bits(folder: Path) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    backbone = load_backbone(GRAM)
    Engines("torch", folder).settle(backbone, EngineName.OPENVINO)
    (network,) = backbone.networked()
    for image in made_images():
        expected = network.unrounded(image).tobytes()
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(network.unrounded, [image] * OFTEN))
        assert {each.tobytes() for each in found} == {expected}
        assert network.unrounded(image).tobytes() == expected
    assert isinstance(network.run, SizedRuns)
    assert set(network.run.sizes) <= {np.asarray(image).shape for image in made_images()[:MOST]}


def test_a_network_of_other_bits_is_not_used_for_its_size() -> None:
    openvino = pytest.importorskip("openvino", reason="the extra openvino is not installed")
    models = [converted(_Brighter(by).eval(), np.zeros((8, 8, 3), np.uint8)) for by in (1.0, 1.1)]

    def compiling(size: Size | None) -> object:
        return openvino.Core().compile_model(models[size is not None], "CPU")

    run = SizedRuns(compiling)
    pixels = np.full((8, 8, 3), 100, np.uint8)
    assert {float(run(pixels)[0].max()) for _ in range(OFTEN + 1)} == {100.0}
    assert run.sizes == ()


def test_a_converted_network_is_kept_and_another_one_beside_it(folder: Path) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    kept = set((folder / "models").iterdir())
    Engines("torch", folder).settle(_tiny(0), EngineName.OPENVINO)
    Engines("torch", folder).settle(_tiny(0), EngineName.OPENVINO)
    (first,) = set((folder / "models").iterdir()) - kept
    Engines("torch", folder).settle(_tiny(1), EngineName.OPENVINO)
    assert len(set((folder / "models").iterdir()) - kept - {first}) == 1


def test_bfloat16_is_another_detector_with_features_of_its_own(
    images: list[Image.Image], folder: Path
) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    engines = Engines("openvino-bf16", folder)
    assert engines.another is EngineName.OPENVINO_BF16
    assert engines.exact_setting == "auto"  # of detectors that were there before
    plain = Checkpoint.load(DEFAULT)
    other = replace(plain, engine=engines.another)
    assert other.id == f"{plain.id}@openvino-bf16"
    cache = MemoryFeatureCache()
    try:
        here = Detector(other, cache, engines=engines)
        here.score([("a" * 64, images[0])])
    except BackboneError as error:
        pytest.skip(str(error))
    Detector(plain, cache, engines=engines).score([("a" * 64, images[0])])
    key = plain.card.backbone_key
    own = cache.get_many(["a" * 64], f"{key}@openvino-bf16")["a" * 64]
    exact = cache.get_many(["a" * 64], here.backbone.key.partition("@")[0])
    assert not exact or (exact["a" * 64] != own).any()
    assert own.tobytes() == here.backbone.extract(images[:1]).tobytes()


def test_ids_and_keys_name_the_engine_unless_it_is_the_reference() -> None:
    assert feature_key("key", EngineName.TORCH) == "key"
    assert feature_key("key", EngineName.OPENVINO) == "key@openvino"
    for engine in EngineName:
        for shrunk in (False, True):
            told = split_id(detector_id("default-1", engine, shrunk=shrunk))
            assert told == ("default-1", None if engine.is_exact else engine, shrunk)
    assert feature_key("key", EngineName.OPENVINO, shrunk=True) == "key@openvino@shrunk"
    assert split_id("external:a@b") == ("external:a@b", None, False)


class _Tried(Engines):
    """Engines whose trial is counted."""

    trials = 0

    def try_all(self, backbone: Backbone, names: object) -> tuple[Measured, ...]:
        type(self).trials += 1
        return super().try_all(backbone, [EngineName.OPENVINO])


@pytest.fixture
def tried() -> type[_Tried]:
    _Tried.trials = 0
    return _Tried


def test_a_trial_is_made_once_and_remembered_on_disk(
    tried: type[_Tried], tmp_path: Path, images: list[Image.Image]
) -> None:
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    first = tried("auto", tmp_path)
    backbone = _tiny(0)
    assert first.chosen(backbone.key) is EngineName.TORCH  # nothing is known yet
    chosen = first.settle(backbone)
    later = tried("auto", tmp_path)
    assert later.chosen(backbone.key) is chosen
    assert later.settle(_tiny(0)) is chosen
    assert tried.trials == 1
    assert {each.engine for each in later.measured(backbone.key)} >= {EngineName.TORCH, chosen}
    assert first.settle(_tiny(1)) is not None
    assert tried.trials == 2
    (one, other) = sorted(tmp_path.glob("*.json"))
    one.write_text("{damaged")
    other.write_text("[]")
    assert later.measured(backbone.key) == ()


@pytest.mark.parametrize(
    ("error", "speed", "expected"),
    [(1e-7, 20.0, "openvino"), (2e-5, 20.0, "torch"), (1e-7, 10.2, "torch"), (1e-7, 9.0, "torch")],
)
def test_auto_takes_the_fastest_that_agrees(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: float,
    speed: float,
    expected: str,
) -> None:
    found = (
        Measured(EngineName.TORCH, 10.0, 0.0),
        Measured(EngineName.OPENVINO, speed, error),
        Measured(EngineName.OPENVINO_BF16, 99.0, 0.0),  # never by itself
    )
    engines = Engines("auto", tmp_path)
    monkeypatch.setattr(engines, "measured", lambda key: found)
    assert engines.chosen("key") == expected


def test_one_that_is_asked_for_is_used_while_it_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slower = Measured(EngineName.OPENVINO, 5.0, 1e-7)
    engines = Engines("openvino", tmp_path)
    rows = (Measured(EngineName.TORCH, 10.0, 0.0), slower)
    monkeypatch.setattr(engines, "measured", lambda key: rows)
    assert engines.chosen("key") is EngineName.OPENVINO
    monkeypatch.setattr(engines, "measured", lambda key: (rows[0], replace(slower, error=1e-4)))
    assert engines.chosen("key") is EngineName.TORCH


def test_without_openvino_torch_is_used_and_one_that_is_needed_says_how_to_have_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr(choice, "_version", lambda package: None)
    assert Engines("auto", tmp_path).settle(_tiny(0)) is EngineName.TORCH
    with pytest.raises(BackboneError, match=r"deepfake-review\[openvino\]"):
        Engines("auto", tmp_path).settle(_tiny(0), EngineName.OPENVINO_BF16)


def test_without_a_gpu_cuda_says_so() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(BackboneError, match="no GPU"):
        Engines().settle(_tiny(0), EngineName.CUDA_BF16)


class _Brighter(PixelNetwork):
    def __init__(self, by: float) -> None:
        torch.manual_seed(0)
        scale = nn.Conv2d(3, 3, 1, groups=3, bias=False)
        nn.init.constant_(scale.weight, by)
        super().__init__(scale, torch.zeros(3), torch.ones(3), any_size=True)


def _tiny(seed: int) -> Backbone:
    """A small network with random weights, whose features agree with nothing but themselves."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    card: BackboneCard = replace(CARD, name="tiny", input_size=64, resize=64, width=8)
    return TimmBackbone(card, model)
