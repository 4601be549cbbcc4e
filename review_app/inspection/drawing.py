"""Pictures for people's eyes: bounded in size, as WebP."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from PIL import Image

from review_app.forensics.planes import bounded

_QUALITY: Final = 90


def webp(image: Image.Image) -> bytes:
    """``image`` as WebP, within the bound."""
    buffer = BytesIO()
    bounded(image).save(buffer, "WEBP", quality=_QUALITY, method=0)
    return buffer.getvalue()
