"""int8: what is rounded and what is not, near the reference, the same bits whatever the company,
and another detector."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from review_app.inference.backbones import load_backbone
from review_app.inference.backbones.efficientnet import CARD
from review_app.inference.backbones.timm_backbone import TimmBackbone
from review_app.inference.checkpoint import Checkpoint
from review_app.inference.engines import EngineName, Engines, feature_key
from review_app.inference.engines.base import PixelNetwork, Pixels
from review_app.inference.engines.made_images import made_images
from review_app.inference.engines.openvino_engine import OpenVinoEngine, compiled, converted
from review_app.inference.engines.openvino_int8 import (
    calibration_images,
    calibration_key,
    quantised,
)
from review_app.inference.engines.openvino_sizes import OFTEN

DEFAULT = Path(__file__).parents[2] / "checkpoints" / "default"
INT8 = EngineName.OPENVINO_INT8
GRAM = "efficientnet_lite0_gram4"
SIDE = 64

pytest.importorskip("openvino", reason="the extra openvino is not installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("int8")


@pytest.fixture(scope="module")
def gram(folder: Path) -> TimmBackbone:
    return _on_int8(load_backbone(GRAM), folder)


def test_every_layer_but_the_first_multiplies_in_8_bits() -> None:
    first, *others = _precisions(_network())
    assert len(others) == 3
    assert first == "f32"
    assert set(others) <= {"i8", "u8"}


def test_it_is_near_the_reference_and_not_the_reference() -> None:
    network = _network()
    run = OpenVinoEngine(INT8, None).prepare(network, "key", np.zeros((SIDE, SIDE, 3), np.uint8))
    for image in made_images():  # others than it was calibrated on
        pixels = np.asarray(image.resize((SIDE, SIDE)))
        (found,) = run(pixels)
        with torch.inference_mode():
            (expected,) = network(torch.from_numpy(pixels.copy())[None])
        error = float((found - expected).norm() / expected.norm())
        assert 1e-5 < error < 0.03


def test_layers_are_left_as_they_are_where_rounding_takes_the_network_too_far() -> None:
    network = _network()
    layers = network.model
    assert isinstance(layers, nn.Sequential)
    first, second = layers[0], layers[2]
    assert isinstance(first, nn.Conv2d)
    assert isinstance(second, nn.Conv2d)
    with torch.no_grad():  # the second layer would see levels that tell nothing
        first.weight[0] *= 1e4
        second.weight[0] *= 1e-4
    layers[1] = nn.ReLU()
    found = _precisions(network)
    assert found[:2] == ["f32", "f32"]
    assert set(found[2:]) <= {"i8", "u8"}


def test_what_is_zero_stays_zero() -> None:
    network = _network()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    run = OpenVinoEngine(INT8, None).prepare(network, "key", np.zeros((SIDE, SIDE, 3), np.uint8))
    assert not run(_calibration()[0])[0].any()


def test_the_same_bits_in_any_batch_order_thread_and_run(
    gram: TimmBackbone, folder: Path, images: list[Image.Image]
) -> None:
    some = images[:16]
    alone = np.stack([gram.extract_one(image) for image in some])
    assert gram.extract(some).tobytes() == alone.tobytes()

    def shuffled(seed: int) -> bool:
        order = random.Random(seed).sample(range(len(some)), 6)
        return bool((gram.extract([some[i] for i in order]) == alone[order]).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(shuffled, range(4)))
    kept = _on_int8(load_backbone(GRAM), folder)
    assert kept.extract(some[::-1])[::-1].tobytes() == alone.tobytes()
    made_again = _on_int8(load_backbone(GRAM), None)
    assert made_again.extract(some).tobytes() == alone.tobytes()


def test_a_size_that_comes_often_changes_no_bit(gram: TimmBackbone) -> None:
    image = made_images()[0]
    expected = gram.unrounded(image).tobytes()
    assert {gram.unrounded(image).tobytes() for _ in range(OFTEN + 2)} == {expected}


def test_it_is_another_detector_with_features_of_its_own(folder: Path) -> None:
    engines = Engines("openvino-int8", folder)
    assert engines.another is INT8
    assert engines.exact_setting == "auto"  # of detectors that were there before
    plain = Checkpoint.load(DEFAULT)
    assert replace(plain, engine=engines.another).id == f"{plain.id}@openvino-int8"
    assert feature_key("key", INT8) == "key@openvino-int8"


def test_a_trial_tells_how_far_it_is_and_that_it_does_not_agree(folder: Path) -> None:
    engines = Engines("auto", folder)
    backbone = _square()
    found = {each.engine: each for each in engines.try_all(backbone, list(EngineName))}
    assert found[INT8].error > 1e-4
    assert not found[INT8].agrees
    assert engines.chosen(backbone.key).is_exact
    assert engines.settle(_square()).is_exact


def test_a_network_is_kept_by_what_it_was_calibrated_on(folder: Path) -> None:
    before = set((folder / "models").iterdir())
    for engine in (EngineName.OPENVINO, INT8, INT8):
        Engines("torch", folder).settle(_square(1), engine)
    assert len(set((folder / "models").iterdir()) - before) == 2
    images = _calibration()
    assert calibration_key(images) != calibration_key(images[1:])


def test_the_calibration_images_are_always_these() -> None:
    """Whoever changes them makes another detector of each that is on int8, under the same id."""
    said = [
        calibration_key(calibration_images((SIDE, SIDE, 3), any_size=any_size))
        for any_size in (False, True)
    ]
    assert said == ["int8-v1-92b30ec1d211", "int8-v1-b26d0e150760"]


def _on_int8(backbone: Any, folder: Path | None) -> TimmBackbone:
    Engines("torch", folder).settle(backbone, INT8)
    (network,) = backbone.networked()
    assert isinstance(network, type(backbone))
    return network  # type: ignore[no-any-return]


def _precisions(network: PixelNetwork) -> list[str]:
    """What each layer of ``network`` multiplies in."""
    model = quantised(converted(network, np.zeros((SIDE, SIDE, 3), np.uint8)), _calibration())
    told = [
        node.get_rt_info() for node in compiled(model, "f32").get_runtime_model().get_ordered_ops()
    ]
    return [
        each["runtimePrecision"].astype(str)
        for each in told
        if each["layerType"].astype(str) in ("Convolution", "FullyConnected")
    ]


def _calibration() -> list[Pixels]:
    return calibration_images((SIDE, SIDE, 3), any_size=False)


def _layers(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2),
        nn.ReLU6(),
        nn.Conv2d(16, 16, 3, groups=16, padding=1),
        nn.Conv2d(16, 32, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 8),
    )


def _network() -> PixelNetwork:
    mean, std = torch.full((3,), 127.0), torch.full((3,), 64.0)
    return PixelNetwork(_layers(), mean, std, any_size=False).eval()


def _square(seed: int = 0) -> TimmBackbone:
    card = replace(CARD, name="tiny", input_size=SIDE, resize=SIDE, width=8)
    return TimmBackbone(card, _layers(seed))
