"""The views by name: what each draws, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from PIL import Image

from review_app.forensics.error_level import error_level
from review_app.forensics.jpeg_ghost import jpeg_ghost
from review_app.forensics.noise import noise
from review_app.forensics.spectrum import spectrum

VERSION = 1
"""The version of all views; a higher one makes stored pictures be computed anew."""


class View(StrEnum):
    """Another way to look at an image."""

    ERROR_LEVEL = "error-level"
    """How much each part changes when the image is saved as JPEG once more."""
    NOISE = "noise"
    """What remains when the content is smoothed away."""
    SPECTRUM = "spectrum"
    """How much there is of each spatial frequency."""
    GHOST = "ghost"
    """Which parts were saved as JPEG before, at another quality."""
    SALIENCY = "saliency"
    """The patches where the detector's score changes when they are hidden."""


PIXEL_VIEWS: Mapping[View, Callable[[Image.Image], Image.Image]] = {
    View.ERROR_LEVEL: error_level,
    View.NOISE: noise,
    View.SPECTRUM: spectrum,
    View.GHOST: jpeg_ghost,
}
"""The views that are made from the pixels as the file stores them, RGB."""

UNALIGNED = frozenset({View.SPECTRUM})
"""Views whose points are not the points of the image."""
