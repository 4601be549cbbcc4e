"""Each view on images whose history is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from review_app.forensics.jpeg_ghost import clearest, differences, jpeg_ghost
from review_app.forensics.noise import noise, residual
from review_app.forensics.planes import LARGEST_SIDE, block_means, bounded, luma
from review_app.forensics.spectrum import log_power
from review_app.forensics.views import PIXEL_VIEWS, UNALIGNED, View
from review_app.i18n import t
from tests.forensics.pictures import inside_and_outside, pasted, picture, saved, texture


@pytest.mark.parametrize("seed", range(3))
def test_a_part_of_another_quality_is_dark_in_the_error_level(seed: int) -> None:
    """The part was saved hard before; the rest never was, and changes more when saved again."""
    photo = texture(seed)
    inside, outside = inside_and_outside(
        PIXEL_VIEWS[View.ERROR_LEVEL](pasted(photo, saved(photo, 50)))
    )
    assert outside > 1.5 * inside


@pytest.mark.parametrize("seed", range(3))
def test_a_part_with_an_earlier_save_is_a_ghost_in_what_was_saved_since(seed: int) -> None:
    """Farid's experiment: a part saved at 60 in an image saved at 90."""
    photo = texture(seed)
    forged = saved(pasted(photo, saved(photo, 60)), 90)
    quality, _ = clearest(differences(forged))
    inside, outside = inside_and_outside(jpeg_ghost(forged))
    assert quality in (55, 60, 65)
    assert outside > 3 * inside


def test_an_image_of_one_history_has_no_ghost_of_the_pasted_part() -> None:
    inside, outside = inside_and_outside(jpeg_ghost(saved(texture(0), 90)))
    assert 0.8 < inside / outside < 1.25


def test_a_retouched_part_has_less_noise() -> None:
    photo = texture(1)
    smooth = pasted(photo, photo.filter(ImageFilter.GaussianBlur(2)))
    energy = picture(np.abs(np.asarray(noise(smooth), dtype=np.float64) - 128))
    inside, outside = inside_and_outside(energy)
    assert outside > 3 * inside


def test_the_noise_is_what_the_median_takes_away() -> None:
    photo = texture(2, 97, 61)
    grey = photo.convert("L")
    median = np.asarray(grey.filter(ImageFilter.MedianFilter(3)), dtype=np.float32)
    assert np.array_equal(residual(photo), luma(photo) - median)


def test_a_wave_is_a_pair_of_points_at_its_frequency() -> None:
    rows, columns = np.mgrid[:300, :640]
    wave = 30 * np.sin(2 * np.pi * (columns / 8 + rows / 5))
    noisy = 128 + wave + np.random.default_rng(0).normal(0, 2, wave.shape)
    power = log_power(noisy.astype(np.float32))
    side = len(power)
    assert power.shape == (300, 300)
    row, column = np.unravel_index(np.argmax(power), power.shape)
    found = {(abs(row - side // 2) / side, abs(column - side // 2) / side)}
    ((down, across),) = found
    assert down == pytest.approx(1 / 5, abs=1 / side)
    assert across == pytest.approx(1 / 8, abs=1 / side)


def test_a_grid_too_weak_to_see_stands_out_of_the_spectrum() -> None:
    """One grey level on every fourth pixel, as upsampling leaves it, under a grain of three."""
    photo = np.asarray(texture(3, 1024, 768), dtype=np.float64)
    photo_with_grid = photo.copy()
    photo_with_grid[::4, ::4] += 1.0

    def at_the_grid(values: NDArray[np.float64]) -> float:
        power = log_power(luma(picture(values)))
        side = len(power)
        return float(power[side // 4, side // 4] - np.median(power))

    assert at_the_grid(photo_with_grid) > at_the_grid(photo) + 3


@pytest.mark.parametrize("view", PIXEL_VIEWS)
@settings(max_examples=12, deadline=None)
@given(width=st.integers(1, 70), height=st.integers(1, 70), value=st.integers(0, 255))
def test_images_of_any_size_and_of_one_colour_have_every_view(
    view: View, width: int, height: int, value: int
) -> None:
    for image in (Image.new("RGB", (width, height), (value,) * 3), texture_of(width, height)):
        drawn = PIXEL_VIEWS[view](image)
        if view not in UNALIGNED:
            assert drawn.size == image.size
        assert max(drawn.size) <= LARGEST_SIDE


def texture_of(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


@pytest.mark.parametrize("view", PIXEL_VIEWS)
def test_views_of_large_images_keep_the_shape_within_the_bound(view: View) -> None:
    drawn = PIXEL_VIEWS[view](texture(4, 2304, 320))
    assert max(drawn.size) <= LARGEST_SIDE
    if view not in UNALIGNED:
        assert drawn.width / drawn.height == pytest.approx(2304 / 320, rel=0.01)


@pytest.mark.parametrize("view", PIXEL_VIEWS)
def test_the_same_image_gives_the_same_view(view: View) -> None:
    first, second = (np.asarray(PIXEL_VIEWS[view](texture(5))) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_flat_image_is_not_blown_up_into_noise() -> None:
    flat = Image.new("RGB", (64, 64), (90, 120, 150))
    assert np.asarray(PIXEL_VIEWS[View.NOISE](flat)).std() == 0
    assert np.asarray(PIXEL_VIEWS[View.ERROR_LEVEL](flat)).max() <= 80


def test_every_view_says_what_it_shows_and_what_it_does_not_prove() -> None:
    for view in View:
        for text in (t(f"views.{view.name.lower()}_{what}") for what in ("shows", "caution")):
            assert text.endswith(".")
            assert text.count(". ") == 0, "one sentence each"


def test_blocks_are_averaged_to_the_edge() -> None:
    values: NDArray[np.float32] = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert block_means(values, 2).tolist() == [[2.5, 4.5], [8.5, 10.5]]
    assert block_means(values, 16).shape == (1, 1)


def test_a_picture_within_the_bound_stays_as_it_is() -> None:
    image = texture(6)
    assert bounded(image) is image
    assert bounded(Image.new("L", (LARGEST_SIDE + 1, 10))).size == (1025, 5)
