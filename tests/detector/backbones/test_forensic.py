"""Forensic statistics: right by definition, blind to the place of a grid, finite for any image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.signal import convolve2d

from benchmarks import plain_forensic
from review_app.core.errors import BackboneError
from review_app.inference.backbones import Backbone, load_backbone
from review_app.inference.backbones.base import round_features
from review_app.inference.backbones.forensic import colour, cooccurrence, neighbours, spectrum
from review_app.inference.backbones.forensic.residuals import laplacian, third_order


@pytest.fixture(scope="module")
def forensic() -> Backbone:
    return load_backbone("forensic")


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Independent grey levels in three channels, float32 [3, height, width]."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, size=(3, height, width)).astype(np.float32)


def runs(planes: np.ndarray) -> np.ndarray:
    """Co-occurrences of luma and chroma, [residuals, kinds of runs]."""
    luma = cooccurrence.luma_cooccurrences(planes[0])
    chroma = cooccurrence.chroma_cooccurrences(planes[1], planes[2])
    return np.concatenate([luma, chroma]).reshape(-1, cooccurrence.CLASSES)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
)
def test_an_image_of_one_colour_and_any_size_gives_finite_numbers(
    width: int, height: int, colour: tuple[int, int, int]
) -> None:
    features = load_backbone("forensic").extract([Image.new("RGB", (width, height), colour)])
    assert np.isfinite(features).all()
    assert np.abs(features).max() <= 300


def test_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match="forensic has no weights"):
        load_backbone("forensic", weights=tmp_path / "w.pth")


@pytest.mark.parametrize("shape", [(32, 32), (33, 64), (90, 47), (256, 511)])
def test_what_is_computed_fast_has_the_bits_of_what_is_written_plainly(
    forensic: Backbone, shape: tuple[int, int]
) -> None:
    rng = np.random.default_rng(1)
    small = rng.integers(0, 256, size=(*shape, 3), dtype=np.uint8)
    smooth = Image.fromarray(small[:9, :9]).resize(shape[::-1], Image.Resampling.BICUBIC)
    flat = np.full_like(small, 77)
    harsh = (small > 127) * np.uint8(255)  # sums of its squares go beyond whole numbers
    for rgb in (small, np.asarray(smooth), flat, harsh):
        plain = round_features(plain_forensic.statistics(rgb))
        assert forensic.extract_one(Image.fromarray(rgb)).tobytes() == plain.tobytes()


def test_residuals_are_those_of_the_written_kernels() -> None:
    x = noise(12, 15)[0]
    cross = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    assert laplacian(x) == pytest.approx(convolve2d(x, cross, mode="valid"))
    row = np.array([[1, -3, 3, -1]])
    assert third_order(x, 1) == pytest.approx(convolve2d(x, row, mode="valid"))


def test_cooccurrences_count_runs_up_to_sign_and_direction() -> None:
    assert cooccurrence.CLASSES == 169
    planes = np.floor(noise(40, 50) / 40)
    got = runs(planes)
    assert (got**2).sum(1) == pytest.approx(np.ones(len(got)), abs=1e-4)
    for same in (255 - planes, planes[:, ::-1, ::-1], planes.transpose(0, 2, 1)):
        assert runs(same) == pytest.approx(got, abs=1e-5)


def test_cooccurrences_of_one_ramp_are_one_kind_of_run() -> None:
    ramp = np.tile(np.arange(30, dtype=np.float32), (20, 1))
    shares = runs(np.stack([ramp, ramp * 0, ramp * 0])) ** 2
    assert sorted(shares[0])[-2:] == pytest.approx([0.5, 0.5], abs=0.1)  # steps of 1, and of 0
    assert shares[2:].max(1) == pytest.approx(np.ones(len(shares) - 2))


def test_upsampled_blocks_show_in_the_neighbours_wherever_the_crop_puts_them() -> None:
    small = noise(30, 30)
    doubled = small.repeat(2, axis=1).repeat(2, axis=2)
    ranges = [
        neighbours.neighbours(np.ascontiguousarray(doubled[:, y:, x:]))[neighbours.WIDTH // 2 :]
        for y, x in ((0, 0), (1, 0), (1, 1))
    ]
    plain = neighbours.neighbours(noise(60, 60))[neighbours.WIDTH // 2 :]
    assert min(each.mean() for each in ranges) > 10 * plain.mean()
    assert np.abs(ranges[0] - ranges[2]).mean() < 0.1 * ranges[0].mean()


def test_dct_statistics_do_not_see_where_the_jpeg_grid_lies() -> None:
    rng = np.random.default_rng(3)
    blocks = rng.normal(0, 20, size=(24, 24)).astype(np.float32).repeat(8, 0).repeat(8, 1)
    here, there = spectrum.dct(blocks), spectrum.dct(np.ascontiguousarray(blocks[3:, 5:]))
    other = spectrum.dct(noise(192, 192)[0])
    assert np.abs(here - there).mean() < 0.05 * np.abs(here - other).mean()


def test_the_spectrum_finds_a_wave_where_it_is() -> None:
    wave = np.tile(20 * np.sin(2 * np.pi * np.arange(128) / 4), (128, 1)).astype(np.float32)
    faint = wave + noise(128, 128)[0] / 50
    numbers = spectrum.spectrum(faint)
    horizontal = numbers[48 + 48 : 48 + 48 + 16]  # peaks near the horizontal
    assert numbers.shape == (spectrum.WIDTH,)
    assert horizontal.argmax() == 8  # a quarter of a cycle a pixel is half way to the limit


def test_colours_of_a_grey_image_have_no_chroma() -> None:
    grey = np.repeat(noise(20, 20)[:1], 3, axis=0)
    y, cb, cr = colour.to_ycbcr(grey)
    assert y == pytest.approx(grey[0], abs=1e-3)
    assert np.abs(cb).max() < 1e-3
    assert np.abs(cr).max() < 1e-3
    assert colour.colour(grey, (y, cb, cr)).shape == (colour.WIDTH,)
