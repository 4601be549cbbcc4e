"""Made-up pictures, always the same: what engines are tried and calibrated on. They have no part in
training or testing anything."""

from __future__ import annotations

import numpy as np
from PIL import Image

_SIZES = ((256, 256), (341, 256), (256, 300), (300, 300))


def made_images(seed: int = 114514) -> list[Image.Image]:
    """Pictures with smooth parts and noise, of several shapes; others for another ``seed``."""
    rng = np.random.default_rng(seed)
    images = []
    for width, height in _SIZES:
        small = Image.fromarray(rng.integers(0, 256, size=(7, 9, 3), dtype=np.uint8))
        smooth = np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float64)
        noisy = smooth + rng.normal(0, 6, size=smooth.shape)
        images.append(Image.fromarray(np.clip(np.rint(noisy), 0, 255).astype(np.uint8)))
    return images
