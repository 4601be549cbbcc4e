"""Low-level statistics are those of their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter
from scipy.ndimage import laplace

from review_app.lab.datasets.pixels import pixel_statistics
from tests.intake.samples import picture


def test_sharpness_is_the_variance_of_the_laplacian_and_falls_with_blur() -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8))
    luma = np.asarray(image.convert("L"), dtype=np.float64)
    sharp = pixel_statistics(image).sharpness
    assert sharp == pytest.approx(laplace(luma)[1:-1, 1:-1].var(), rel=1e-6)
    blurred = image.filter(ImageFilter.GaussianBlur(2))
    assert pixel_statistics(blurred).sharpness < sharp / 2


def test_a_grey_picture_has_no_colour_and_a_flat_one_nothing_else_either() -> None:
    flat = pixel_statistics(Image.new("RGB", (9, 9), (100, 100, 100)))
    assert (flat.sharpness, flat.brightness, flat.contrast, flat.colourfulness) == (0, 100, 0, 0)


def test_colourfulness_is_that_of_the_opponent_colours() -> None:
    halves = Image.new("RGB", (10, 10), (255, 0, 0))
    halves.paste((0, 0, 255), (0, 0, 5, 10))
    # red - green is 255 and 0, (red + green) / 2 - blue is 127.5 and -255, half of the pixels each
    spread = np.hypot(127.5, 191.25)
    shift = np.hypot(127.5, 63.75)
    found = pixel_statistics(halves).colourfulness
    assert found == pytest.approx(spread + 0.3 * shift, rel=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2)])
def test_a_sliver_has_no_sharpness(size: tuple[int, int]) -> None:
    assert pixel_statistics(picture(*size, seed=2)).sharpness == 0
