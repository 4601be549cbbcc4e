"""The backbone: which statistics, of which pixels, in which order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from review_app.core.blas import one_blas_thread
from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.card import BackboneCard, NativeSize
from review_app.inference.backbones.forensic import colour, cooccurrence, neighbours, spectrum
from review_app.inference.backbones.forensic.moments import Numbers, Plane, Planes
from review_app.inference.backbones.preprocess import native_pixels
from review_app.inference.backbones.threads import PerImageBackbone

RECIPE = (
    "luma cooccurrence", "chroma cooccurrence", "neighbours", "spectrum", "dct", "colour",
)  # fmt: skip
"""What is measured; the one place to change it."""

NATIVE = NativeSize(largest=256, smallest=32, ratio=2.0)
"""Statistics depend on resolution: none beyond that of the images they were chosen on."""

_Statistic = Callable[[Planes, tuple[Plane, Plane, Plane]], Numbers]
_STATISTICS: dict[str, tuple[_Statistic, int]] = {
    "luma cooccurrence": (
        lambda rgb, ycbcr: cooccurrence.luma_cooccurrences(ycbcr[0]),
        cooccurrence.LUMA_WIDTH,
    ),
    "chroma cooccurrence": (
        lambda rgb, ycbcr: cooccurrence.chroma_cooccurrences(ycbcr[1], ycbcr[2]),
        cooccurrence.CHROMA_WIDTH,
    ),
    "neighbours": (lambda rgb, ycbcr: neighbours.neighbours(rgb), neighbours.WIDTH),
    "spectrum": (lambda rgb, ycbcr: spectrum.spectrum(ycbcr[0]), spectrum.WIDTH),
    "dct": (lambda rgb, ycbcr: spectrum.dct(ycbcr[0]), spectrum.DCT_WIDTH),
    "colour": (lambda rgb, ycbcr: colour.colour(rgb, ycbcr), colour.WIDTH),
}
"""Name → statistic of RGB [3, h, w] and of Y, Cb and Cr, and how many numbers it makes."""

CARD = BackboneCard(
    name="forensic",
    version=1,
    model="statistics of pixels, written in this project",
    weights="none",
    licence="that of this program",
    resize=0,
    input_size=0,
    interpolation="bicubic",
    mean=(0.0, 0.0, 0.0),
    std=(1.0, 1.0, 1.0),
    width=sum(_STATISTICS[name][1] for name in RECIPE),
    native=NATIVE,
    recipe=RECIPE,
)


class ForensicBackbone(PerImageBackbone):
    """Hand-made forensic statistics; see :class:`review_app.inference.backbones.base.Backbone`."""

    def __init__(self) -> None:
        digest = hashlib.sha256(repr((NATIVE, RECIPE, CARD.interpolation)).encode()).hexdigest()
        key = f"{CARD.name}-v{CARD.version}-{digest[:12]}"
        super().__init__(CARD, key, prepare=one_blas_thread)

    def _extract_one(self, image: Image.Image) -> Features:
        rgb = native_pixels(image, NATIVE, CARD.interpolation)
        planes = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32)
        ycbcr = colour.to_ycbcr(planes)
        return np.concatenate([_STATISTICS[name][0](planes, ycbcr) for name in RECIPE])


def weights_here(weights: Path | None) -> bool:
    """True: there are none to have."""
    return True


def load(weights: Path | None) -> Backbone:
    """The statistics; raises BackboneError for ``weights``, since there are none."""
    if weights is not None:
        raise BackboneError(
            f"{CARD.name} has no weights, so {weights} cannot be used; leave the weights out"
        )
    return ForensicBackbone()
