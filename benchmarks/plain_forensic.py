"""The forensic statistics as they are first written down, without a thought of speed: the oracle
that the backbone is held to bit by bit, and part of the naive way in `benchmarks.engines`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from review_app.inference.backbones.forensic.cooccurrence import _CLASS, CLASSES
from review_app.inference.backbones.forensic.moments import (
    VARIANCE_FLOOR,
    Numbers,
    Plane,
    Planes,
    log_variance,
    peakedness,
)
from review_app.inference.backbones.forensic.residuals import (
    first_order,
    laplacian,
    second_order,
    third_order,
)

PAIRS = ((0, 1), (0, 2), (1, 2))


def statistics(rgb: NDArray[np.uint8]) -> Numbers:
    """All of them, of RGB [h, w, 3], in the order of the recipe."""
    planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32)
    y, cb, cr = to_ycbcr(planes)
    parts = (
        luma_cooccurrences(y),
        chroma_cooccurrences(cb, cr),
        neighbours(planes),
        spectrum(y),
        dct(y),
        colour(planes, (y, cb, cr)),
    )
    return np.concatenate(parts)


LUMA = ((first_order, 1.0), (second_order, 2.0), (third_order, 3.0))
CHROMA = ((first_order, 0.5), (second_order, 0.5))


def luma_cooccurrences(luma: Plane) -> Numbers:
    """Runs of four residuals along each filter, and across it, [LUMA_WIDTH]; see ``shares_of``."""
    parts: list[Numbers] = []
    for residual, step in LUMA:
        levels = [quantised(residual(luma, axis), step) for axis in (0, 1)]
        parts.append(shares_of((levels[0], 0), (levels[1], 1)))
        parts.append(shares_of((levels[0], 1), (levels[1], 0)))
    return np.concatenate(parts)


def chroma_cooccurrences(cb: Plane, cr: Plane) -> Numbers:
    """Runs of four residuals along each filter, both planes together, [CHROMA_WIDTH].

    Generators leave more traces in chroma than in luma: Li et al. (2020), "Identification of deep
    network generated images using disparities in color components".
    """
    parts = []
    for residual, step in CHROMA:
        levels = [(quantised(residual(x, axis), step), axis) for x in (cb, cr) for axis in (0, 1)]
        parts.append(shares_of(*levels))
    return np.concatenate(parts)


def quantised(residual: Plane, step: float) -> NDArray[np.int16]:
    """Levels 0 to 4; 2 is a residual of nothing."""
    levels = np.clip(np.rint(residual / np.float32(step)), -2, 2) + 2
    whole: NDArray[np.int16] = levels.astype(np.int16)
    return whole


def shares_of(*scans: tuple[NDArray[np.int16], int]) -> Numbers:
    """Square roots of the shares of each kind of run in all ``scans`` (levels, axis), [CLASSES].

    Square roots, because they spread all shares alike: a linear head then measures Hellinger's
    distance.
    """
    counts = sum((runs(levels, axis) for levels, axis in scans), np.zeros(625))
    classes = np.bincount(_CLASS, weights=counts, minlength=CLASSES)
    shares: Numbers = np.sqrt(classes / max(classes.sum(), 1)).astype(np.float32)
    return shares


def runs(levels: NDArray[np.int16], axis: int) -> NDArray[np.float64]:
    """How often each run of four levels occurs along ``axis``, [625]."""
    along = levels if axis == 0 else levels.T
    n = len(along) - 3
    code = along[:n].copy()
    for shift in range(1, 4):
        code *= 5
        code += along[shift : shift + n]
    return np.bincount(code.reshape(-1), minlength=625).astype(np.float64)


DIFFERENCES = ((0, 1), (1, 0), (1, 1))


def neighbours(rgb: Planes) -> Numbers:
    """Statistics of the differences in blocks [WIDTH]: mean over the four grids, then the range.

    The range shows that one grid differs from the others, wherever a crop has put it. Of each
    channel and difference: log variance, peakedness and the share of none; of each channel and pair
    of differences: their correlation.
    """
    differences = by_grid(rgb)
    size = np.abs(differences)
    mean_abs = size.mean(-1)
    mean_square = (differences * differences).mean(-1)
    none = (size < np.float32(0.5)).mean(-1)
    products = np.stack(
        [(differences[:, i] * differences[:, j]).mean(-1) for i, j in PAIRS], axis=1
    )
    scale = np.stack([mean_square[:, i] * mean_square[:, j] for i, j in PAIRS], axis=1)
    correlations = products / np.sqrt(scale + np.float32(VARIANCE_FLOOR**2))
    parts = (log_variance(mean_square), peakedness(mean_abs, mean_square), none, correlations)
    grids = np.concatenate([part.reshape(4, -1) for part in parts], axis=1)
    return np.concatenate([grids.mean(0), np.ptp(grids, axis=0)]).astype(np.float32)


def by_grid(rgb: Planes) -> NDArray[np.float32]:
    """Differences, sorted by the four grids of 2 x 2 blocks: [4, difference, channel, block]."""
    height, width = (rgb.shape[1] - 1) // 2 * 2, (rgb.shape[2] - 1) // 2 * 2
    first = rgb[:, :height, :width]
    differences = np.stack(
        [rgb[:, dy : dy + height, dx : dx + width] - first for dy, dx in DIFFERENCES]
    )
    blocks = differences.reshape(3, 3, height // 2, 2, width // 2, 2)
    return blocks.transpose(3, 5, 0, 1, 2, 4).reshape(4, 3, 3, -1)


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
    rings, sectors = bins_of(*residual.shape)
    by_sector = mean_by(power, sectors, 48)
    inside = sectors < len(by_sector)
    peaks = by_sector.copy()
    np.maximum.at(peaks, sectors[inside], power[inside])
    return np.concatenate([mean_by(power, rings, 48), by_sector, peaks - by_sector]).astype(
        np.float32
    )


def dct(luma: Plane) -> Numbers:
    """Log variance and peakedness of each 8 x 8 DCT frequency, [DCT_WIDTH].

    Blocks start at every third pixel: since 3 and 8 share no divisor, all 64 places of a grid count
    alike, and shifting the image by a pixel changes nothing but the sample.
    """
    blocks = sliding_window_view(luma, (8, 8))[::3, ::3]
    coefficients = scipy.fft.dctn(blocks.reshape(-1, 8, 8), axes=(1, 2), norm="ortho")
    coefficients[:, 0, 0] -= coefficients[:, 0, 0].mean()
    flat = coefficients.reshape(len(coefficients), -1)
    mean_square = (flat * flat).mean(0, dtype=np.float64)
    mean_abs = np.abs(flat).mean(0, dtype=np.float64)
    return np.concatenate([log_variance(mean_square), peakedness(mean_abs, mean_square)])


def bins_of(height: int, width: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Ring and sector bin of each coefficient of ``rfft2``; beyond the last bin where in none."""
    fy = np.abs(np.fft.fftfreq(height))[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    radius = np.hypot(fy, fx)
    rings = np.minimum((radius * 2 * 48).astype(np.intp), 48)
    angle = np.arctan2(fy, fx)  # 0 horizontal, pi / 2 vertical
    sector = np.full(radius.shape, 3)
    for i, centre in enumerate((0, np.pi / 4, np.pi / 2)):
        sector[np.abs(angle - centre) <= np.pi / 16] = i
    steps = (radius * 2 * 16).astype(np.intp)
    outside = (sector == 3) | (steps >= 16)
    bins = np.where(outside, 48, sector * 16 + steps)
    return rings.reshape(-1), bins.reshape(-1)


def mean_by(values: NDArray[np.float32], bins: NDArray[np.intp], n: int) -> NDArray[np.float64]:
    """Mean of ``values`` in each of the first n bins; that of the nearest lower one where empty."""
    sums = np.bincount(bins, weights=values, minlength=n + 1)[:n]
    counts = np.bincount(bins, minlength=n + 1)[:n]
    filled = np.maximum.accumulate(np.where(counts > 0, np.arange(n), 0))
    means: NDArray[np.float64] = (sums / np.maximum(counts, 1))[filled]
    return means


def colour(rgb: Planes, ycbcr: tuple[Plane, Plane, Plane]) -> Numbers:
    """Moments and correlations of YCbCr and HSV, and of differences of neighbours, [WIDTH]."""
    y, cb, cr = ycbcr
    value = np.maximum(np.maximum(rgb[0], rgb[1]), rgb[2])
    chroma = value - np.minimum(np.minimum(rgb[0], rgb[1]), rgb[2])
    saturation = np.float32(255) * chroma / np.maximum(value, np.float32(1))
    numbers = [m for plane in (y, cb, cr, saturation, value) for m in moments(plane)]
    numbers += hue(cb, cr)
    numbers += correlations(tuple(rgb)) + correlations((y, cb, cr))
    for axis in (0, 1):
        details = [first_order(plane, axis) for plane in (*rgb, y, cb, cr)]
        numbers += [n for i in (0, 1, 2, 4, 5) for n in spread(details[i])]
        numbers += correlations(details[:3]) + correlations(details[3:])
    return np.array(numbers, dtype=np.float32)


def to_ycbcr(rgb: Planes) -> tuple[Plane, Plane, Plane]:
    """Luma and chroma as JPEG has them (ITU-R BT.601, full range), chroma around 0."""
    red, green, blue = rgb
    y = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    return y, np.float32(0.564) * (blue - y), np.float32(0.713) * (red - y)


def moments(plane: Plane) -> tuple[float, float, float, float]:
    """Mean, standard deviation, skewness and log kurtosis; the last two 0 for one colour."""
    mean = plane.mean()
    centred = plane - mean
    square = centred * centred
    variance = float(square.mean()) + VARIANCE_FLOOR
    skewness = float((square * centred).mean()) / variance**1.5
    kurtosis = float((square * square).mean()) / variance**2
    return float(mean), variance**0.5, float(np.clip(skewness, -20, 20)), float(np.log1p(kurtosis))


def hue(cb: Plane, cr: Plane) -> tuple[float, float]:
    """Mean direction of chroma, as a vector; its length tells how much the hues agree."""
    length = np.sqrt(cb * cb + cr * cr) + np.float32(1)
    return float((cb / length).mean()), float((cr / length).mean())


def correlations(planes: Sequence[Plane]) -> list[float]:
    return [correlation(planes[i], planes[j]) for i, j in PAIRS]


def spread(detail: Plane) -> tuple[float, float]:
    mean_square = (detail * detail).mean()
    mean_abs = np.abs(detail).mean()
    return float(log_variance(mean_square)), float(peakedness(mean_abs, mean_square))


def correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Pearson correlation over all places; 0 where one of the two does not vary."""
    x, y = a - a.mean(), b - b.mean()
    scale = float((x * x).mean()) * float((y * y).mean())
    return float((x * y).mean()) / scale**0.5 if scale > VARIANCE_FLOOR**4 else 0.0
