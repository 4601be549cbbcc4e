"""Spectra: power of the residual by frequency and direction, and by DCT frequency.

Upsampling and generators leave too much or too little power at high frequencies: Durall et al.
(2020), "Watch your up-convolution"; Frank et al. (2020), "Leveraging frequency analysis for deep
fake image recognition".
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from review_app.inference.backbones.forensic.moments import (
    VARIANCE_FLOOR,
    Numbers,
    Plane,
    log_variance,
    peakedness,
)
from review_app.inference.backbones.forensic.residuals import laplacian

_RADIAL = 48
_SECTORS = 3
_PER_SECTOR = 16
_BLOCK = 8
_STRIDE = 3

WIDTH = _RADIAL + 2 * _SECTORS * _PER_SECTOR
DCT_WIDTH = 2 * _BLOCK * _BLOCK


def spectrum(luma: Plane) -> Numbers:
    """Log power of the Laplacian, [WIDTH].

    By radius (48 rings up to half a cycle a pixel), and by radius near the horizontal, the vertical
    and the diagonals (3 x 16): mean log power, and how far the highest peak stands above it.
    """
    residual = laplacian(luma)
    window = np.outer(np.hanning(len(residual)), np.hanning(residual.shape[1]))
    scale = max(float((window * window).sum()), 1.0)
    amplitude = scipy.fft.rfft2((residual - residual.mean()) * window.astype(np.float32))
    power = np.log(np.abs(amplitude) ** 2 / scale + VARIANCE_FLOOR).reshape(-1)
    rings, sectors = _bins(*residual.shape)
    by_sector = _mean_by(power, sectors, _SECTORS * _PER_SECTOR)
    inside = sectors < len(by_sector)
    peaks = by_sector.copy()
    np.maximum.at(peaks, sectors[inside], power[inside])
    return np.concatenate([_mean_by(power, rings, _RADIAL), by_sector, peaks - by_sector]).astype(
        np.float32
    )


def dct(luma: Plane) -> Numbers:
    """Log variance and peakedness of each 8 x 8 DCT frequency, [DCT_WIDTH].

    Blocks start at every third pixel: since 3 and 8 share no divisor, all 64 places of a grid count
    alike, and shifting the image by a pixel changes nothing but the sample.
    """
    blocks = sliding_window_view(luma, (_BLOCK, _BLOCK))[::_STRIDE, ::_STRIDE]
    coefficients = scipy.fft.dctn(blocks.reshape(-1, _BLOCK, _BLOCK), axes=(1, 2), norm="ortho")
    coefficients[:, 0, 0] -= coefficients[:, 0, 0].mean()
    flat = coefficients.reshape(len(coefficients), -1)
    mean_square = (flat * flat).mean(0, dtype=np.float64)
    mean_abs = np.abs(flat).mean(0, dtype=np.float64)
    return np.concatenate([log_variance(mean_square), peakedness(mean_abs, mean_square)])


@lru_cache(maxsize=16)
def _bins(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Ring and sector bin of each coefficient of ``rfft2``; beyond the last bin where in none."""
    fy = np.abs(np.fft.fftfreq(height))[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    radius = np.hypot(fy, fx)
    rings = np.minimum((radius * 2 * _RADIAL).astype(np.intp), _RADIAL)
    angle = np.arctan2(fy, fx)  # 0 horizontal, pi / 2 vertical
    sector = np.full(radius.shape, _SECTORS)
    for i, centre in enumerate((0, np.pi / 4, np.pi / 2)):
        sector[np.abs(angle - centre) <= np.pi / 16] = i
    steps = (radius * 2 * _PER_SECTOR).astype(np.intp)
    outside = (sector == _SECTORS) | (steps >= _PER_SECTOR)
    bins = np.where(outside, _SECTORS * _PER_SECTOR, sector * _PER_SECTOR + steps)
    return rings.reshape(-1), bins.reshape(-1)


def _mean_by(values: NDArray[np.float32], bins: NDArray[np.intp], n: int) -> NDArray[np.float64]:
    """Mean of ``values`` in each of the first n bins; that of the nearest lower one where empty."""
    sums = np.bincount(bins, weights=values, minlength=n + 1)[:n]
    counts = np.bincount(bins, minlength=n + 1)[:n]
    filled = np.maximum.accumulate(np.where(counts > 0, np.arange(n), 0))
    means: NDArray[np.float64] = (sums / np.maximum(counts, 1))[filled]
    return means
