"""Any Pillow image becomes the pixels that a network sees. No torch here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps

from review_app.inference.backbones.card import BackboneCard, NativeSize

BACKGROUND = (128, 128, 128)
"""What shows through transparent pixels: a neutral grey, which favours neither class."""


def to_rgb(image: Image.Image) -> Image.Image:
    """``image`` upright, in 8-bit RGB; 16-bit greys keep their high byte, alpha lies on grey. It is
    no copy where it was all of that, but it is loaded: the file may be closed."""
    image.load()
    turned = image.getexif().get(ExifTags.Base.Orientation, 1) != 1
    upright = ImageOps.exif_transpose(image) if turned else image
    if upright.mode == "RGB" and "transparency" not in upright.info:
        return upright
    if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
        return _high_byte(upright).convert("RGB")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        canvas = Image.new("RGBA", layer.size, (*BACKGROUND, 255))
        return Image.alpha_composite(canvas, layer).convert("RGB")
    return upright.convert("RGB")


def pixels(image: Image.Image, card: BackboneCard) -> NDArray[np.uint8]:
    """The square of RGB that ``card`` asks for, uint8 [input_size, input_size, 3].

    Resize and centre crop are one resampling of the central box: at most one grey level from doing
    both in turn, and an extremely long image never unfolds in memory. Raises ValueError for an
    image without pixels.
    """
    if not all(image.size):
        raise ValueError("the image has no pixels")
    rgb = to_rgb(image)
    side = min(rgb.size) * card.input_size / card.resize
    left, top = (rgb.width - side) / 2, (rgb.height - side) / 2
    crop = rgb.resize(
        (card.input_size, card.input_size),
        Image.Resampling[card.interpolation.upper()],
        box=(left, top, left + side, top + side),
    )
    return np.asarray(crop)


def native_pixels(image: Image.Image, size: NativeSize, interpolation: str) -> NDArray[np.uint8]:
    """RGB at the image's own size where ``size`` allows, uint8 [h, w, 3].

    The central part is cut out on whole pixels, and resampled (antialiased) only where its shorter
    side is out of bounds. Raises ValueError for an image without pixels.
    """
    if not all(image.size):
        raise ValueError("the image has no pixels")
    rgb = to_rgb(image)
    shorter = min(rgb.size)
    width, height = (min(side, int(shorter * size.ratio)) for side in rgb.size)
    left, top = (rgb.width - width) // 2, (rgb.height - height) // 2
    whole = (width, height) == rgb.size
    crop = rgb if whole else rgb.crop((left, top, left + width, top + height))
    side = min(max(shorter, size.smallest), size.largest)
    if side != shorter:
        wanted = (round(width * side / shorter), round(height * side / shorter))
        crop = crop.resize(wanted, Image.Resampling[interpolation.upper()])
    return np.asarray(crop)


def _high_byte(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)
    if image.mode != "F" and values.max(initial=0) > 255:
        values = values / 257
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))
