"""The small picture of an image, for lists and grids of many."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from review_app.intake.colours import to_srgb
from review_app.intake.decode import DecodedImage

SMALL: Final = 480
"""Pixels of its larger side: two beside each other on a phone are sharp."""
ENOUGH: Final = 2 * SMALL
"""Pixels of the larger side that it is made from as well as from all of them."""
NAME: Final = f"small-{SMALL}-srgb.webp"
"""The name of the file that it is kept in."""
SLOW_PIXELS: Final = 25_000_000
"""People would wait for an image of more pixels to be decoded: its small picture is made as it is
taken in."""
_QUALITY: Final = 90


def small_picture(decoded: DecodedImage) -> bytes:
    """The image within `SMALL` pixels a side, in sRGB, as WebP; a small one in its own size."""
    image = decoded.image.reduce(max(1, max(decoded.image.size) // ENOUGH))
    image = to_srgb(image, decoded.icc_profile)
    image.thumbnail((SMALL, SMALL))
    buffer = BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=0)
    return buffer.getvalue()
