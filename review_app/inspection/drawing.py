"""Pictures for people's eyes: bounded in size, as WebP."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

from review_app.forensics.planes import bounded

SMALL: Final = 480
"""Pixels of the larger side of a small picture: two beside each other on a phone are sharp."""
_QUALITY: Final = 90


def shrink(image: Image.Image) -> Image.Image:
    """``image`` small enough for a grid of many; a small one as it is."""
    small = image.copy()
    small.thumbnail((SMALL, SMALL))
    return small


def webp(image: Image.Image) -> bytes:
    """``image`` as WebP, within the bound."""
    buffer = BytesIO()
    bounded(image).save(buffer, "WEBP", quality=_QUALITY, method=0)
    return buffer.getvalue()
