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
_AT_ONCE = 768
"""Blocks that are summed together: as float64 they stay in a core's cache."""

WIDTH = _RADIAL + 2 * _SECTORS * _PER_SECTOR
DCT_WIDTH = 2 * _BLOCK * _BLOCK


def spectrum(luma: Plane) -> Numbers:
    """Log power of the Laplacian, [WIDTH].

    By radius (48 rings up to half a cycle a pixel), and by radius near the horizontal, the vertical
    and the diagonals (3 x 16): mean log power, and how far the highest peak stands above it.
    """
    residual = laplacian(luma)
    window, scale = _window(*residual.shape)
    amplitude = scipy.fft.rfft2((residual - residual.mean()) * window)
    power = np.log(np.abs(amplitude) ** 2 / scale + VARIANCE_FLOOR).reshape(-1)
    rings, sectors = _bins(*residual.shape)
    by_ring, by_sector = rings.means(power), sectors.means(power)
    above = sectors.largest(power, by_sector) - by_sector
    return np.concatenate([by_ring, by_sector, above]).astype(np.float32)


def dct(luma: Plane) -> Numbers:
    """Log variance and peakedness of each 8 x 8 DCT frequency, [DCT_WIDTH].

    Blocks start at every third pixel: since 3 and 8 share no divisor, all 64 places of a grid count
    alike, and shifting the image by a pixel changes nothing but the sample.
    """
    # Blocks share their columns with those beside them, so these are transformed but once.
    columns = sliding_window_view(luma, _BLOCK, axis=0)[::_STRIDE]
    down = scipy.fft.dct(columns, norm="ortho")
    across = sliding_window_view(down, _BLOCK, axis=1)[:, ::_STRIDE]
    flat = scipy.fft.dct(across, norm="ortho").reshape(-1, _BLOCK * _BLOCK)
    flat[:, 0] -= flat[:, 0].mean()
    sums = np.zeros((2, _BLOCK * _BLOCK))
    for start in range(0, len(flat), _AT_ONCE):
        part = flat[start : start + _AT_ONCE]
        sums[0] += _sums(part * part)
        sums[1] += _sums(np.abs(part, out=part))
    mean_square, mean_abs = sums / len(flat)
    return np.concatenate([log_variance(mean_square), peakedness(mean_abs, mean_square)])


def _sums(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sums of the columns in float64, row after row: a product of matrices would add them in an
    order that hangs on the threads."""
    sums: NDArray[np.float64] = rows.astype(np.float64).sum(0)
    return sums


class _Bins:
    """Bins of coefficients, 0 to n - 1; those that are in none are numbered n."""

    def __init__(self, bins: NDArray[np.intp], n: int) -> None:
        self._inside = np.flatnonzero(bins.reshape(-1) < n)
        self._bins = bins.reshape(-1)[self._inside]
        self._counts = np.bincount(self._bins, minlength=n)
        self._nearest = np.maximum.accumulate(np.where(self._counts > 0, np.arange(n), 0))
        self._by_bin = self._inside[np.argsort(self._bins, kind="stable")]
        self._taken = np.flatnonzero(self._counts)
        self._starts = np.cumsum(self._counts)[self._taken] - self._counts[self._taken]

    def means(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """The mean of ``values`` in each bin; that of the nearest lower one where it is empty."""
        weights = values[self._inside]
        sums = np.bincount(self._bins, weights=weights, minlength=len(self._counts))
        means: NDArray[np.float64] = (sums / np.maximum(self._counts, 1))[self._nearest]
        return means

    def largest(
        self, values: NDArray[np.float32], least: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The largest of ``values`` in each bin, or ``least`` [n] where that is more."""
        found = least.copy()
        if len(self._taken):
            peaks = np.maximum.reduceat(values[self._by_bin], self._starts)
            found[self._taken] = np.maximum(found[self._taken], peaks)
        return found


@lru_cache(maxsize=16)
def _window(height: int, width: int) -> tuple[NDArray[np.float32], float]:
    """Hann's window, and the sum of its squares (at least 1)."""
    window = np.outer(np.hanning(height), np.hanning(width))
    return window.astype(np.float32), max(float((window * window).sum()), 1.0)


@lru_cache(maxsize=16)
def _bins(height: int, width: int) -> tuple[_Bins, _Bins]:
    """Rings and sectors of the coefficients of ``rfft2``."""
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
    return _Bins(rings, _RADIAL), _Bins(bins, _SECTORS * _PER_SECTOR)
