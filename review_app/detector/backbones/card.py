"""What a backbone is: whose weights, how it sees an image, how wide its features are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BackboneCard:
    """Facts that make features reproducible; stored in every checkpoint trained on them."""

    name: str
    """Name in the registry."""
    version: int
    """Raised when the code of extraction changes the features; the facts below count anyway."""
    model: str
    """Name of the architecture in timm."""
    weights: str
    """Where the weights come from, in words."""
    licence: str
    """Licence of the weights."""
    resize: int
    """The shorter side is scaled to this many pixels ..."""
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
