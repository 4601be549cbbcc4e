"""The Fourier spectrum of what a high-pass leaves.

Periodic traces of resampling: A. Popescu and H. Farid (2005), "Exposing digital forgeries by
detecting traces of resampling", IEEE TSP 53; of generators: J. Frank et al. (2020), "Leveraging
frequency analysis for deep fake image recognition", ICML. Averaged over tiles (P. Welch, 1967):
the content changes from tile to tile, a trace does not.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from review_app.forensics.planes import Plane, grey, luma

TILE = 512
"""Pixels across a tile, where the image has as many."""
_PER_SIDE = 6
"""Tiles at most along each side: an image of any size takes a bounded time."""
_DARK, _BRIGHT = 0.01, 0.9995


def spectrum(image: Image.Image) -> Image.Image:
    """The log power of `log_power`, from black at its 1st percentile to white at its 99.95th.

    RGB in; a grey square out, at most ``TILE`` pixels wide, frequency zero in the middle.
    """
    power = log_power(luma(image))
    low, high = np.quantile(power, (_DARK, _BRIGHT))
    return grey((power - low) * np.float32(255.0 / max(float(high - low), 1e-6)))


def log_power(values: Plane) -> Plane:
    """log(1 + mean over tiles of |FFT(w · L)|²), [side, side], frequency zero at ``side // 2``.

    L is the Laplacian of ``values`` (a high-pass) within a tile, w a Hann window. Tiles overlap or
    leave gaps so that at most 6 × 6 span the image.
    """
    residual = _laplacian(np.pad(values, 1, mode="edge"))
    side = min(TILE, *residual.shape)
    window = np.outer(np.hanning(side), np.hanning(side)).astype(np.float32)
    rows, columns = (_starts(length, side) for length in residual.shape)
    total = np.zeros((side, side))
    for top in rows:
        for left in columns:
            tile = residual[top : top + side, left : left + side]
            total += np.abs(np.fft.fft2((tile - tile.mean()) * window)) ** 2
    mean = np.fft.fftshift(total) / (len(rows) * len(columns))
    return np.log1p(mean).astype(np.float32)


def _laplacian(values: Plane) -> Plane:
    """Neighbours' sum less four times the pixel; one pixel is lost on each side."""
    middle = values[1:-1, 1:-1]
    across = values[1:-1, :-2] + values[1:-1, 2:]
    down = values[:-2, 1:-1] + values[2:, 1:-1]
    laplacian: Plane = across + down - 4 * middle
    return laplacian


def _starts(length: int, side: int) -> list[int]:
    """The pixels at which tiles begin: half a tile apart, or wider where those would be too
    many."""
    last = length - side
    n = min(_PER_SIDE, 1 + -(-last // max(side // 2, 1)))
    return [round(start) for start in np.linspace(0, last, n)]
