"""Images whose history is known, made on the spot."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PATCH = (slice(96, 224), slice(160, 288))
"""Rows and columns of what was pasted: whole blocks of 16 pixels."""


def texture(seed: int, width: int = 448, height: int = 320) -> Image.Image:
    """Smooth colours with detail and grain all over, never saved as JPEG."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(60, 196, (6, 8, 3), dtype=np.uint8))
    fine = Image.fromarray(rng.integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8))
    values = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.float64)
    detail = np.asarray(fine.resize((width, height), Image.Resampling.BICUBIC), np.float64)
    grain = rng.normal(0, 3, values.shape)
    return picture(values + 0.25 * (detail - 128) + grain)


def picture(values: NDArray[np.float64]) -> Image.Image:
    """RGB of ``values``, clipped."""
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def saved(image: Image.Image, quality: int) -> Image.Image:
    """``image`` after a save as JPEG with full colour."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=0)
    return Image.open(buffer).convert("RGB")


def pasted(onto: Image.Image, other: Image.Image) -> Image.Image:
    """``onto`` with ``PATCH`` of ``other``."""
    values = np.array(onto)
    values[PATCH] = np.asarray(other)[PATCH]
    return Image.fromarray(values)


def inside_and_outside(view: Image.Image) -> tuple[float, float]:
    """Mean of ``view`` within ``PATCH`` and without it."""
    values = np.asarray(view.convert("L"), dtype=np.float64)
    mask = np.zeros(values.shape, dtype=bool)
    mask[PATCH] = True
    return float(values[mask].mean()), float(values[~mask].mean())
