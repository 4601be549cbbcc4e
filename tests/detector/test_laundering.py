"""Laundered copies: the same file gives the same copy, and no transform could know the label."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from review_app.inference.laundering import (
    LAUNDER,
    TRANSFORMS,
    Blur,
    GridShift,
    Jpeg,
    Rescale,
    Screenshot,
    Transform,
    description,
    launder_copy,
)
from tests.intake.samples import picture

NAMES = ["blur", "grid_shift", "jpeg", "launder", "rescale", "screenshot", "webp"]
KEY = "ab" * 32


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.float64)


def blockiness(image: Image.Image) -> np.ndarray:
    """Mean jump between neighbouring columns, by column modulo 8, [8]."""
    jumps = np.abs(np.diff(pixels(image.convert("L")), axis=1)).mean(0)
    return np.array([jumps[at::8].mean() for at in range(8)])


def test_every_transform_is_known_by_name() -> None:
    assert sorted(TRANSFORMS) == NAMES


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_the_same_file_gives_the_same_copy(transform: Transform) -> None:
    image = picture(70, 50, seed=1)
    before = image.tobytes()
    copies = [launder_copy(image, KEY, n, transform) for n in (0, 1, 0)]
    assert copies[0].tobytes() == copies[2].tobytes()
    assert copies[0].mode == "RGB"
    assert copies[0].size != copies[1].size or copies[0].tobytes() != copies[1].tobytes()
    assert image.tobytes() == before
    other = launder_copy(image, "cd" * 32, 0, transform)
    assert other.size != copies[0].size or other.tobytes() != copies[0].tobytes()


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_no_transform_could_know_the_label(transform: Transform) -> None:
    assert list(inspect.signature(transform.apply).parameters) == ["image", "rng"]
    assert list(inspect.signature(launder_copy).parameters) == ["image", "key", "copy", "transform"]


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_report_can_say_what_was_done(transform: Transform) -> None:
    document = json.loads(json.dumps(description(transform)))
    assert document["name"] == transform.name
    assert document["words"] == transform.text
    assert document["parameters"]


def test_words_name_the_parameters() -> None:
    assert TRANSFORMS["jpeg"].text == "JPEG 60-95, 4:2:0"
    assert "0.75-0.95x" in LAUNDER.text
    assert "JPEG 75-95" in LAUNDER.text


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(NAMES), st.integers(1, 90), st.integers(1, 90), st.integers(0, 5))
def test_an_image_of_any_size_can_be_laundered(
    name: str, width: int, height: int, copy: int
) -> None:
    image = Image.new("RGB", (width, height), (200, 100, 50))
    laundered = launder_copy(image, KEY, copy, TRANSFORMS[name])
    assert min(laundered.size) >= 1
    assert np.isfinite(pixels(laundered)).all()


def test_sizes_follow_the_parameters() -> None:
    image = picture(100, 80, seed=2)
    for copy in range(20):
        scaled = launder_copy(image, KEY, copy, Rescale(0.5, 1.5))
        assert 50 <= scaled.width <= 150
        assert scaled.width / scaled.height == pytest.approx(100 / 80, rel=0.03)
        shifted = launder_copy(image, KEY, copy, GridShift())
        assert 93 <= shifted.width <= 100
        assert 73 <= shifted.height <= 80
        laundered = launder_copy(image, KEY, copy)
        assert round(93 * 0.75) <= laundered.width <= 95
        for same in (Jpeg(), Blur(), TRANSFORMS["webp"]):
            assert launder_copy(image, KEY, copy, same).size == image.size


def test_a_screenshot_keeps_the_picture_and_part_of_the_page() -> None:
    image = Image.new("RGB", (60, 60), (250, 10, 10))
    plain = replace(Screenshot(), smallest=1.0, largest=1.0, gamma=0.0, contrast=0.0)
    sizes = {launder_copy(image, KEY, copy, plain).size for copy in range(10)}
    assert all(61 <= side <= 61 + 12 for size in sizes for side in size)
    assert len(sizes) > 1
    centre = pixels(launder_copy(image, KEY, 0, plain))[30, 30]
    assert centre == pytest.approx([250, 10, 10], abs=6)


def test_a_pixel_shift_moves_the_grid_of_blocks() -> None:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(90, 160, size=(160, 160, 3), dtype=np.uint8))
    compressed = Jpeg(20, 20).apply(image, rng)
    assert blockiness(compressed).argmax() == 7
    places = set()
    for copy in range(12):
        shifted = launder_copy(compressed, KEY, copy, GridShift())
        place = blockiness(shifted).argmax()
        assert place == (7 - (160 - shifted.width)) % 8
        places.add(place)
    assert len(places) > 3


def test_blur_and_compression_take_detail_away() -> None:
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, size=(64, 64, 3), dtype=np.uint8))
    for transform in (Blur(1.0, 1.0), Jpeg(60, 60)):
        assert pixels(launder_copy(noise, KEY, 0, transform)).std() < pixels(noise).std()
