"""The views by name: what each draws, in which words, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

from review_app.forensics.error_level import error_level
from review_app.forensics.jpeg_ghost import jpeg_ghost
from review_app.forensics.noise import noise
from review_app.forensics.spectrum import spectrum

VERSION = 1
"""Of all views; a higher one makes stored pictures be computed anew."""


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
    """Where the detector's score changes when a patch is hidden."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a person is told of a view."""

    title: str
    shows: str
    """What it shows, and what it does not prove; one sentence each."""
    caution: str


PIXEL_VIEWS: Mapping[View, Callable[[Image.Image], Image.Image]] = {
    View.ERROR_LEVEL: error_level,
    View.NOISE: noise,
    View.SPECTRUM: spectrum,
    View.GHOST: jpeg_ghost,
}
"""From the pixels as the file stores them, RGB, to the view."""

UNALIGNED = frozenset({View.SPECTRUM})
"""Views whose points are not the points of the image."""

WORDS: Mapping[View, Words] = {
    View.ERROR_LEVEL: Words(
        "Error level",
        "How much each part changes when the image is saved as JPEG once more; a part with another "
        "history can stand out from its like.",
        "Edges, texture and strong colours are bright in any image, and resaving evens out "
        "differences: bright is no proof of editing, dark none of truth.",
    ),
    View.NOISE: Words(
        "Noise",
        "What is left when the content is smoothed away, made stronger; a part from elsewhere, or "
        "one that was retouched, can have another grain.",
        "Focus, light, denoising and compression change the grain too: smooth skin or sky is no "
        "proof of editing.",
    ),
    View.SPECTRUM: Words(
        "Spectrum",
        "How strong each fineness of pattern is, coarse in the middle, fine at the edge; enlarging "
        "and some generators leave a grid of bright points.",
        "Fabric, screens, JPEG blocks and honest resizing leave points as well, and good "
        "generators leave none.",
    ),
    View.GHOST: Words(
        "JPEG ghost",
        "Dark where one lower JPEG quality changes the image least: a part that stands out so may "
        "have been saved at that quality before it was put here.",
        "Flat and dark areas look like ghosts by nature, and a part pasted off the 8-pixel grid "
        "leaves none.",
    ),
    View.SALIENCY: Words(
        "Saliency",
        "Where the detector's P(fake) changes when the patch is hidden: orange patches spoke for "
        "fake, blue ones for real; the strongest has full colour, however small its effect.",
        "It tells what moved this detector, not what is fake; hiding a patch is itself an edit "
        "that it may react to.",
    ),
}
