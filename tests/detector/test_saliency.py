"""Occlusion finds what a score hangs on, where that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from review_app.inference.saliency import PATCHES, grid, occlusion


def reddest(images: Sequence[Image.Image]) -> NDArray[np.float64]:
    """A detector that takes red for fake."""
    reds = [np.asarray(image)[..., 0].mean() / 255 for image in images]
    return np.array([0.05 + 0.9 * red for red in reds])


def half_red(width: int = 160, height: int = 80) -> Image.Image:
    """Red at the left; black at the right."""
    image = Image.new("RGB", (width, height))
    image.paste((255, 0, 0), (0, 0, width // 2, height))
    return image


def test_what_speaks_for_fake_is_positive_and_what_speaks_for_real_is_negative() -> None:
    change = occlusion(reddest, half_red())
    left, right = np.hsplit(change, [change.shape[1] // 2])
    assert left.min() > 0
    assert right[:, 1:].max() < 0


def test_a_detector_that_looks_nowhere_has_no_saliency() -> None:
    def coin(images: Sequence[Image.Image]) -> NDArray[np.float64]:
        return np.full(len(images), 0.5)

    assert not occlusion(coin, half_red()).any()


@given(width=st.integers(1, 9000), height=st.integers(1, 9000))
def test_patches_are_about_as_many_as_promised(width: int, height: int) -> None:
    rows, columns = grid(width, height)
    assert 1 <= rows <= height
    assert 1 <= columns <= width
    assert rows * columns <= 2 * PATCHES


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (2100, 1100)])
def test_images_of_any_size_can_be_asked_about(size: tuple[int, int]) -> None:
    assert np.isfinite(occlusion(reddest, half_red(*size))).all()
