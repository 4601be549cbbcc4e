"""The parts of an image that a detector's score hangs on, drawn over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.forensics.planes import bounded

FOR_FAKE = (224, 122, 0)
FOR_REAL = (40, 120, 255)
"""Orange and blue: told apart with every common colour blindness, and neither is right or wrong."""
_STRONGEST = 0.75
"""Opacity of the patch with the greatest change: the image can still be seen through it."""


def overlay(image: Image.Image, change: NDArray[np.float64]) -> Image.Image:
    """``image`` in grey under the patches of ``change`` [rows, columns]: orange where it is
    positive (the patch spoke for fake), blue where negative, as opaque as the change is large.
    """
    base = bounded(image).convert("L").convert("RGB")
    greatest = float(np.abs(change).max())
    if greatest == 0:
        return base
    alpha = _STRONGEST * 255 * np.abs(change) / greatest
    colour = np.where((change > 0)[..., None], FOR_FAKE, FOR_REAL)
    patches = np.dstack([colour, alpha]).round().astype(np.uint8)
    layer = Image.fromarray(patches, "RGBA").resize(base.size, Image.Resampling.NEAREST)
    base.paste(layer, mask=layer)
    return base
