"""The card of a backbone: whose weights, how it sees an image, how wide its features are."""

from __future__ import annotations

from dataclasses import dataclass

TIMM_PREFIX = "timm/"
"""How the names of backbones begin that are timm's own."""


@dataclass(frozen=True, slots=True)
class NativeSize:
    """Bounds within which an image keeps its own pixels: resampling wipes out fine traces."""

    largest: int
    """A shorter side above this many pixels is scaled down to it: the working size."""
    smallest: int
    """A shorter side below this many pixels is scaled up to it."""
    ratio: float
    """The centre of a longer image is cropped to this ratio of its sides."""


@dataclass(frozen=True, slots=True)
class BackboneCard:
    """Facts that make features reproducible; stored in every checkpoint trained on them."""

    name: str
    """Name in the registry."""
    version: int
    """A number that is raised when the code of extraction changes the features; the facts below
    count anyway."""
    model: str
    """Name of the architecture in timm, or what else makes the features."""
    weights: str
    """The origin of the weights, in words."""
    licence: str
    """Licence of the weights."""
    resize: int
    """The shorter side is scaled to this many pixels (0: see ``native`` or ``parts``) ..."""
    input_size: int
    """... and the central square of this many pixels is what the network sees."""
    interpolation: str
    """Pillow's resampling filter: ``bilinear`` or ``bicubic``, both antialiased."""
    mean: tuple[float, float, float]
    """Subtracted from RGB in 0..255."""
    std: tuple[float, float, float]
    """Divides RGB in 0..255 after the mean."""
    width: int
    """Numbers per image."""
    native: NativeSize | None = None
    """The bounds of a working size, where images keep their own pixels instead of ``resize`` and
    ``input_size``."""
    recipe: tuple[str, ...] = ()
    """What is measured, in the order of the features; empty for a network's last layer."""
    texture: tuple[tuple[int, int], ...] = ()
    """Spans [from, to) of the features that best tell an image's source and what is unlike the
    training images; empty for all."""
    parts: tuple[BackboneCard, ...] = ()
    """The backbones whose features are joined, in order; each sees the image in its own way.

    The facts above are then all of theirs in words, and sizes, mean and std say nothing.
    """

    @property
    def sees(self) -> int:
        """Pixels of the shorter side that a larger image is scaled down to, the most of its
        parts."""
        own = self.native.largest if self.native else self.resize
        return max([own, *(part.sees for part in self.parts)])
