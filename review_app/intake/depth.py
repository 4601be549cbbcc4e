"""Deep samples → 8 bits: which value is white, and what to say where the file does not tell."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from review_app.intake.lacking import lacks

Samples = NDArray[Any]
"""[height, width, samples], of any number type."""
_USED_BITS: Final = {16: (8, 10, 12), 32: (8, 10, 12, 16, 24), 64: (8, 10, 12, 16, 24, 32)}
"""Bits that cameras and scanners fill of so many: a picture within them would be black."""
_ROWS: Final = 256
"""Scaled at a time: a few megabytes of floats, not the whole picture."""
_HIGHLIGHTS: Final = 99.0
"""Percentile: a picture whose values lie below 1 up to here has 1 for white, and highlights."""
_STILL_ONE: Final = 16.0
"""Values below it would all be black with 255 for white: 1 is white, with highlights."""
_SAMPLED: Final = 1 << 20


class White(NamedTuple):
    """The value that is white."""

    level: float
    bits: int | None
    """Bits that are used, where that was told from the values and not from the file; else None."""


def white_of(samples: Samples, format_name: str = "TIFF") -> White:
    """The white level of colour samples.

    Whole numbers: the greatest that their type holds, or the greatest of 12 bits (and so on) where
    none is above it. Floats: 1, 255, 1023, 4095 or 65535, the least that holds them, but for
    some highlights.

    Raises:
        LackingError: values below zero, or floats on no usual scale.
    """
    if samples.dtype.kind == "f":
        return _white_of_floats(samples, format_name)
    if samples.dtype.kind == "i" and samples.min(initial=0) < 0:
        raise lacks(format_name, "below_zero")
    bits = 8 * samples.dtype.itemsize
    greatest = int(samples.max(initial=0))
    used = next((n for n in _USED_BITS.get(bits, ()) if greatest < 1 << n), None)
    if used is not None and greatest:
        return White(float((1 << used) - 1), used)
    return White(float((1 << (bits - (samples.dtype.kind == "i"))) - 1), None)


def _white_of_floats(samples: Samples, format_name: str) -> White:
    values = samples.reshape(-1)
    values = values[:: max(1, len(values) // _SAMPLED)]
    values = values[np.isfinite(values)]
    if not len(values):
        return White(1.0, None)
    low, high = float(values.min()), float(values.max())
    usual = min(high, float(np.percentile(values, _HIGHLIGHTS)))
    bits = next((bits for bits in (1, 8, 10, 12, 16) if usual < 1 << bits), None)
    if bits is not None and high < _STILL_ONE:
        bits = 1
    level = 1.0 if bits == 1 else float((1 << (bits or 1)) - 1)
    if bits is None or low < -0.05 * level:
        raise lacks(format_name, "below_zero" if bits else "scale")
    return White(level, bits if bits in (10, 12) else None)


def to_bytes(samples: Samples, white: float, *, inverted: bool = False) -> NDArray[np.uint8]:
    """``samples`` with 0 and ``white`` as 0 and 255, or the other way round; clipped between, and
    what is no number is black."""
    out = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):
        values = np.asarray(samples[top : top + _ROWS], np.float64) * (255.0 / white)
        if samples.dtype.kind == "f":
            values = np.nan_to_num(values, nan=0.0, posinf=255.0, neginf=0.0)
        values = np.rint(np.clip(values, 0, 255))
        out[top : top + _ROWS] = 255 - values if inverted else values
    return out
