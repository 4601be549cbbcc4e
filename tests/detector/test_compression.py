"""Compression keeps what tells images apart, and none of its coordinates is larger than another."""

from __future__ import annotations

import numpy as np
import pytest

from review_app.core.errors import CheckpointError
from review_app.inference.compression import Compression


def correlated(n: int, seed: int, width: int = 300, rank: int = 20) -> np.ndarray:
    """Images that differ in a few directions, and a little in all; the directions are always the
    same."""
    directions = np.random.default_rng(99).normal(size=(rank, width))
    rng = np.random.default_rng(seed)
    strengths = np.linspace(3, 0.3, rank)
    rows = (rng.normal(size=(n, rank)) * strengths) @ directions
    return (rows + 0.01 * rng.normal(size=(n, width))).astype(np.float32)


def test_inner_products_of_new_images_stay_what_they_were_up_to_one_factor() -> None:
    compression = Compression.fit(correlated(400, 1), 20, seed=7)
    fresh = correlated(100, 2)
    before, told = fresh @ fresh.T, compression.apply(fresh)
    after = told @ told.T
    factor = before.trace() / after.trace()
    np.testing.assert_allclose(after * factor, before, atol=0.02 * np.abs(before).max())


def test_no_coordinate_is_larger_than_another() -> None:
    images = correlated(400, 1)
    told = Compression.fit(images, 20, seed=7).apply(images)
    squares = np.square(told).mean(axis=0)
    assert squares.mean() == pytest.approx(1, rel=0.02)
    components = np.linalg.eigvalsh(images.T @ images)[::-1][:20]
    assert components.max() / components.min() > 50
    assert squares.max() / squares.min() < 5


def test_what_is_said_of_an_image_does_not_depend_on_the_batch() -> None:
    images = correlated(90, 3)
    compression = Compression.fit(images, 16, seed=7)
    whole = compression.apply(images)
    for rows in (slice(0, 1), slice(5, 12), slice(17, 81)):
        np.testing.assert_array_equal(compression.apply(images[rows]), whole[rows])


def test_coordinates_are_exact_sums_of_features_in_fine_steps() -> None:
    images = np.clip(correlated(90, 3), -8, 8)
    images[0] = 8.0
    compression = Compression.fit(images, 16, seed=7)
    whole = np.rint(images.astype(np.float64) * 2**24).astype(np.int64)
    sums = whole @ compression.projection.astype(np.int64)
    assert np.abs(sums).max() > 2**24, "float32 would round them"
    expected = sums / 2**24 * compression.step.astype(np.float64)
    np.testing.assert_array_equal(compression.apply(images), expected.astype(np.float32))
    np.testing.assert_allclose(compression.apply_at_once(images), expected, rtol=0, atol=1e-4)


def test_a_seed_gives_the_same_map_every_time() -> None:
    images = correlated(90, 3)
    first, again, other = (Compression.fit(images, 16, seed=seed).state() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first["projection"], again["projection"])
    np.testing.assert_array_equal(first["step"], again["step"])
    assert (first["projection"] != other["projection"]).any()


def test_there_are_no_more_coordinates_than_images_and_directions() -> None:
    assert Compression.fit(correlated(12, 4), 1536, seed=1).dimensions == 12
    noise = np.random.default_rng(4).normal(size=(90, 30)).astype(np.float32)
    assert Compression.fit(noise, 1536, seed=1).dimensions == 30
    copies = np.repeat(correlated(5, 4), 20, axis=0)
    assert Compression.fit(copies, 1536, seed=1).dimensions == 5


def test_it_comes_back_from_its_tensors_and_refuses_others() -> None:
    images = correlated(90, 5)
    compression = Compression.fit(images, 16, seed=1)
    again = Compression.from_state(compression.state(), 300, 16)
    np.testing.assert_array_equal(compression.apply(images), again.apply(images))
    with pytest.raises(CheckpointError, match="projection"):
        Compression.from_state(compression.state(), 299, 16)
    with pytest.raises(CheckpointError, match="projection"):
        Compression.from_state(compression.state(), 300, 17)
