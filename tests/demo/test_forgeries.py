"""Forgeries change what they should, where they should, and the same way every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_sample_images

from review_app.demo.forgeries import (
    Pixels,
    decoder_trace,
    forge,
    region,
    splice,
    upsample,
)
from review_app.demo.methods import Forgery

CHINA, FLOWER = (
    (array[60:360, 100:420] / 255).astype(np.float32) for array in load_sample_images().images
)


@pytest.mark.parametrize("method", list(Forgery))
@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_a_forgery_is_a_valid_picture_that_differs_and_repeats(
    method: Forgery, strength: float
) -> None:
    first, second = (
        forge(CHINA, FLOWER, method, strength, np.random.default_rng(3)) for _ in range(2)
    )
    assert first.dtype == np.float32
    assert first.shape == CHINA.shape
    assert 0 <= first.min() <= first.max() <= 1
    assert np.array_equal(first, second)
    assert np.abs(first - CHINA).mean() > 1e-3


@pytest.mark.parametrize("method", [m for m in Forgery if m is not Forgery.UPSAMPLING])
def test_a_local_forgery_leaves_the_rest_untouched(method: Forgery) -> None:
    """Beyond the trace that a whole decoded picture carries: a few percent of brightness."""
    forged = forge(CHINA, FLOWER, method, 0.3, np.random.default_rng(3))
    gain = decoder_trace(CHINA.shape[:2], 0.3)
    apart = np.minimum(abs(forged - CHINA), abs(forged - np.clip(CHINA * gain, 0, 1)))
    touched = (apart > 1e-6).any(2).mean()
    assert 0.05 < touched < 0.6


def test_the_decoder_trace_is_faint_and_repeats_every_eight_pixels() -> None:
    gain = decoder_trace((64, 40), 1.0)
    assert gain.shape == (64, 40, 1)
    assert abs(gain - 1).max() < 0.35
    np.testing.assert_array_equal(gain[:-8, :-8], gain[8:, 8:])
    assert gain.std() > 0.05


@settings(max_examples=50, deadline=None)
@given(
    height=st.integers(64, 300),
    width=st.integers(64, 300),
    area=st.floats(0.1, 0.5),
    seed=st.integers(0, 2**32 - 1),
)
def test_a_region_has_about_the_area_asked_for(
    height: int, width: int, area: float, seed: int
) -> None:
    mask = region((height, width), area, np.random.default_rng(seed))
    assert mask.shape == (height, width)
    assert 0 <= mask.min() <= mask.max() <= 1
    share = float(mask.sum()) / min(height, width) ** 2
    assert 0.5 * area < share < 2.0 * area


def test_a_splice_meets_its_surroundings_in_colour() -> None:
    mask = np.zeros(CHINA.shape[:2], dtype=np.float32)
    mask[100:200, 100:200] = 1
    dark = CHINA * np.float32(0.2)
    changed = splice(CHINA, dark, mask)
    inside = (slice(102, 198), slice(101, 110))
    gap_before = abs(float((dark[inside] - CHINA[inside]).mean()))
    gap_after = abs(float((changed[inside] - CHINA[inside]).mean()))
    assert gap_after < 0.2 * gap_before


def test_a_splice_into_a_grey_photo_is_grey() -> None:
    grey = np.repeat(CHINA.mean(2, keepdims=True), 3, axis=2)
    forged = forge(grey, FLOWER, Forgery.SPLICE, 1.0, np.random.default_rng(0))
    assert np.ptp(forged, axis=2).max() < 1e-3


def _spectrum_at(image: Pixels, period: int) -> float:
    """Power at the horizontal frequency of ``period``, over that of its neighbourhood."""
    width = image.shape[1] // period * period
    power = (np.abs(np.fft.rfft(image[:, :width].mean(2), axis=1)) ** 2).mean(0)
    at = width // period
    around = np.r_[at - 8 : at - 2, at + 3 : min(at + 9, len(power))]
    return float(power[at] / power[around].mean())


def test_upsampling_leaves_the_peak_of_its_stride_in_the_spectrum() -> None:
    grown = upsample(CHINA, 0.9, np.random.default_rng(0))
    assert _spectrum_at(grown, 2) > 5 * _spectrum_at(CHINA, 2)
    assert _spectrum_at(grown, 4) > 5 * _spectrum_at(CHINA, 4)
