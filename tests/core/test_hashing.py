"""Hashes: what counts as the same picture, and how it is found among many."""

from __future__ import annotations

from io import BytesIO

import imagehash
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from review_app.core.hashing import hamming, perceptual_hash, sha256, to_hex
from tests.intake.samples import encode, picture

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
    from sklearn.datasets import load_sample_images  # slow to import, and only this one needs it

    for array in load_sample_images().images:
        photo = Image.fromarray(array)
        whole = perceptual_hash(photo)
        assert all(hamming(whole, perceptual_hash(copy)) <= 4 for copy in copies(photo))
        corner = photo.crop((0, 0, 300, 300))
        assert hamming(whole, perceptual_hash(corner)) > 4
