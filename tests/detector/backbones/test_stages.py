"""Stage statistics: right by definition, the same bits in any batch, safe where nothing varies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from review_app.core.errors import BackboneError
from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.backbones.card import NativeSize
from review_app.inference.backbones.efficientnet import network
from review_app.inference.backbones.efficientnet_gram import CARD, NATIVE, RECIPE
from review_app.inference.backbones.network import network_key
from review_app.inference.backbones.preprocess import native_pixels
from review_app.inference.backbones.stages import (
    Measure,
    StagesBackbone,
    StageStatistics,
    Statistic,
    recipe_width,
)


@pytest.fixture(scope="module")
def gram() -> Backbone:
    return load_backbone("efficientnet_lite0_gram")


@pytest.mark.parametrize("size", [1, 7])
def test_features_have_the_same_bits_in_batches_of_any_size(
    gram: Backbone, images: list[Image.Image], size: int
) -> None:
    some = images[:14]
    parts = [gram.extract(some[i : i + size]) for i in range(0, len(some), size)]
    assert np.concatenate(parts).tobytes() == gram.extract(some).tobytes()


def test_the_card_says_how_wide_the_features_are(gram: Backbone, images: list[Image.Image]) -> None:
    features = gram.extract(images[:3])
    assert features.shape == (3, gram.card.width)
    assert all(0 <= first < last <= gram.card.width for first, last in gram.card.texture)
    assert (features.astype(np.float16).astype(np.float32) == features).all()


def test_features_are_what_numpy_makes_of_the_plain_network(
    gram: Backbone, images: list[Image.Image]
) -> None:
    model = network(None).eval()
    rgb = native_pixels(images[0], NATIVE, CARD.interpolation)
    hidden = (torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() - 127) / 128
    stages: dict[str, np.ndarray] = {}
    with torch.inference_mode():
        hidden = model.bn1(model.conv_stem(hidden))
        stages["stem"] = hidden[0].flatten(1).double().numpy()
        for i, block in enumerate(model.blocks):
            hidden = block(hidden)
            stages[f"block{i}"] = hidden[0].flatten(1).double().numpy()
    parts = []
    for measure in map(Measure.parse, RECIPE):
        values = stages[measure.stage]
        if measure.statistic is Statistic.CORRELATION:
            with np.errstate(invalid="ignore"):
                pairs = np.corrcoef(values)[np.triu_indices(len(values), 1)]
            parts.append(np.nan_to_num(pairs))
        else:
            parts.append(values.mean(1) if measure.statistic is Statistic.MEAN else values.std(1))
    expected = np.concatenate(parts)
    assert gram.extract(images[:1])[0] == pytest.approx(expected, rel=2e-3, abs=6e-3)


@pytest.mark.parametrize("grey", [0, 127, 255])
def test_an_image_of_one_colour_gives_finite_features(gram: Backbone, grey: int) -> None:
    features = gram.extract([Image.new("RGB", (50, 40), (grey, grey, grey))])
    assert np.isfinite(features).all()


def test_channels_that_do_not_vary_are_correlated_with_nothing() -> None:
    activation = torch.randn(1, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    activation[0, 1] = 3.0
    statistics = StageStatistics(activation)
    correlation = statistics.get(Statistic.CORRELATION)
    assert correlation[[0, 3, 4]].tolist() == [0, 0, 0]
    assert (correlation[[1, 2, 5]] != 0).all()
    assert statistics.get(Statistic.SKEWNESS)[1] == 0
    assert statistics.get(Statistic.KURTOSIS)[1] == 0
    assert statistics.get(Statistic.STD)[1] == 0


def test_correlations_make_a_number_of_each_pair_of_channels() -> None:
    channels = {"stem": 32, "block1": 24, "block2": 40}
    assert recipe_width(["mean block1", "std block2"], channels) == 24 + 40
    assert recipe_width([f"correlation {stage}" for stage in channels], channels) == 496 + 276 + 780


def test_moments_are_those_of_the_definition() -> None:
    activation = torch.randn(1, 3, 9, 7, generator=torch.Generator().manual_seed(1)).exp()
    values = activation[0].flatten(1).double()
    z = (values - values.mean(1, keepdim=True)) / values.std(1, correction=0, keepdim=True)
    statistics = StageStatistics(activation)
    assert statistics.get(Statistic.SKEWNESS).tolist() == pytest.approx(
        z.pow(3).mean(1).tolist(), rel=1e-4
    )
    assert statistics.get(Statistic.KURTOSIS).tolist() == pytest.approx(
        z.pow(4).mean(1).tolist(), rel=1e-4
    )


def test_a_recipe_is_one_tuple_that_card_width_and_key_follow() -> None:
    model = torch.nn.Sequential()
    model.add_module("stem", torch.nn.Conv2d(3, 5, 3))
    recipe = ("kurtosis stem", "correlation stem")
    width = recipe_width(recipe, {"stem": 5})
    backbone = StagesBackbone(replace(CARD, recipe=recipe, width=width), NATIVE, model)
    assert backbone.extract([Image.new("RGB", (40, 40))]).shape == (1, 5 + 10)
    keys = {
        network_key(CARD, model),
        backbone.key,
        network_key(replace(CARD, native=replace(NATIVE, largest=512)), model),
    }
    assert len(keys) == 3


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match="cannot be read from"):
        load_backbone("efficientnet_lite0_gram", weights=tmp_path / "none.pth")


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 700), st.integers(1, 700))
def test_an_image_of_any_shape_is_seen_within_bounds(width: int, height: int) -> None:
    size = NativeSize(largest=256, smallest=32, ratio=2.0)
    h, w, channels = native_pixels(Image.new("RGB", (width, height)), size, "bicubic").shape
    assert channels == 3
    assert 32 <= min(w, h) <= 256
    assert max(w, h) <= 2 * min(w, h)


def test_within_bounds_every_pixel_is_the_images_own() -> None:
    rng = np.random.default_rng(0)
    wide = rng.integers(0, 256, size=(100, 350, 3), dtype=np.uint8)
    assert (native_pixels(Image.fromarray(wide), NATIVE, "bicubic") == wide[:, 75:275]).all()


def test_an_endless_strip_never_unfolds_in_memory() -> None:
    assert native_pixels(Image.new("RGB", (60_000, 1)), NATIVE, "bicubic").shape == (32, 64, 3)
    with pytest.raises(ValueError, match="no pixels"):
        native_pixels(Image.new("RGB", (0, 5)), NATIVE, "bicubic")
