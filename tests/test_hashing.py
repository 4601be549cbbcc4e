"""Hashes: what counts as the same picture, and how it is found among many."""

from __future__ import annotations

import csv
from io import BytesIO
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_sample_images

from review_app.hashing import (
    NEAR_DISTANCE,
    NearIndex,
    hamming,
    perceptual_hash,
    sha256,
    to_hex,
)
from tests.intake.samples import encode, picture

DATA = Path(__file__).parents[1] / "../shared/data"
signed = st.integers(-(2**63), 2**63 - 1)


def copies(photo: Image.Image) -> list[Image.Image]:
    """What becomes of a picture that is passed on."""
    half = photo.resize((photo.width // 2, photo.height // 2))
    larger = photo.resize((photo.width * 3 // 2, photo.height * 3 // 2))
    return [
        *(Image.open(BytesIO(encode(photo, "JPEG", quality=quality))) for quality in (90, 50)),
        Image.open(BytesIO(encode(half, "JPEG", quality=60))),
        Image.open(BytesIO(encode(larger, "WEBP", quality=75))),
    ]


def test_sha256_is_the_standard_one() -> None:
    assert sha256(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_the_perceptual_hash_is_that_of_imagehash_as_a_signed_integer() -> None:
    for seed in range(20):
        image = picture(seed=seed)
        value = perceptual_hash(image)
        assert -(2**63) <= value < 2**63
        assert to_hex(value) == str(imagehash.phash(image))


@given(signed, signed)
def test_the_distance_counts_differing_bits(a: int, b: int) -> None:
    assert hamming(a, b) == bin((a ^ b) % 2**64).count("1") == hamming(b, a)
    assert hamming(a, a) == 0


def test_passed_on_copies_of_a_photo_are_near_and_other_crops_are_not() -> None:
    for array in load_sample_images().images:
        photo = Image.fromarray(array)
        whole = perceptual_hash(photo)
        assert all(hamming(whole, perceptual_hash(copy)) <= NEAR_DISTANCE for copy in copies(photo))
        corner = photo.crop((0, 0, 300, 300))
        assert hamming(whole, perceptual_hash(corner)) > NEAR_DISTANCE


@given(st.lists(signed, max_size=40), signed, st.integers(0, 64))
def test_the_index_agrees_with_comparing_one_by_one(
    values: list[int], wanted: int, max_distance: int
) -> None:
    index: NearIndex[int] = NearIndex()
    for key, value in enumerate(values):
        index.add(key, value)
    distances = [hamming(value, wanted) for value in values]
    best = min(distances, default=65)
    expected = (distances.index(best), best) if best <= max_distance else None
    assert index.nearest(wanted, max_distance) == expected


def test_the_index_finds_one_among_many() -> None:
    rng = np.random.default_rng(5)
    values = rng.integers(-(2**63), 2**63 - 1, 100_000).tolist()
    index: NearIndex[str] = NearIndex()
    for value in values:
        index.add(to_hex(value), value)
    assert len(index) == 100_000
    for at in (0, 40_000, 99_999):
        assert index.nearest(values[at] ^ 0b1010, NEAR_DISTANCE) == (to_hex(values[at]), 2)
    assert index.nearest(values[7] ^ 0xFFFF, NEAR_DISTANCE) is None


@pytest.mark.data
def test_aligned_faces_of_different_people_are_hardly_ever_linked() -> None:
    if not DATA.is_dir():
        pytest.skip("needs the images of ../shared/data")
    with (DATA / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "stylegan_ffhq"][::3]
    hashes = [perceptual_hash(Image.open(DATA / row["path"])) for row in rows]
    values = np.array(hashes, dtype=np.int64).view(np.uint64)
    near = np.bitwise_count(values[:, None] ^ values[None]) <= NEAR_DISTANCE
    assert int(near.sum() - len(values)) // 2 <= 2
