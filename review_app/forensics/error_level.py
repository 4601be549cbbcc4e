"""Error level analysis: N. Krawetz (2007), "A Picture's Worth... Digital Image Analysis and
Forensics", Black Hat USA.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageChops

from review_app.forensics.planes import bounded

QUALITY = 95
"""The known error at which the image is saved again; Krawetz's example."""
_BRIGHT = 0.995
"""This share of values lies below white."""
_STRONGEST = 40.0
"""Gain at most: rounding errors of an image that does not change are not blown up to white."""


def error_level(image: Image.Image) -> Image.Image:
    """E = g |I - JPEG_95(I)| of each channel; g puts the 99.5th percentile at white, at most 40.

    RGB in; RGB out, of ``image``'s size or averaged down to the bound.
    """
    difference = ImageChops.difference(image, resaved(image, QUALITY))
    gain = min(255.0 / max(_quantile(difference, _BRIGHT), 1.0), _STRONGEST)
    return bounded(difference.point([min(255, round(gain * i)) for i in range(256)] * 3))


def resaved(image: Image.Image, quality: int) -> Image.Image:
    """``image`` saved as JPEG of ``quality`` without chroma subsampling, and read again."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    with Image.open(buffer) as again:
        again.load()
        return again


def _quantile(image: Image.Image, share: float) -> float:
    """The value below which ``share`` of all channels' values lie."""
    counts = np.reshape(image.histogram(), (-1, 256)).sum(axis=0)
    return float(np.searchsorted(np.cumsum(counts), share * counts.sum()))
