"""Any pixels → 8-bit RGB, and RGB of another profile → sRGB for pictures that carry no profile."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image, ImageCms

from review_app.intake import tiff
from review_app.intake.depth import Samples, to_bytes, white_of

MATTE: Final = (128, 128, 128)
"""Transparent pixels are composited on mid-grey: no class of images gains a white or black edge."""
_LAB: Final = ImageCms.createProfile("LAB")
_SRGB: Final = ImageCms.createProfile("sRGB")
_PREMULTIPLIED: Final = 1


def to_rgb(image: Image.Image) -> Image.Image:
    """Any Pillow mode as 8-bit RGB without metadata: deep grey scaled, alpha on ``MATTE``."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _deep_grey(image)[0]
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, (*MATTE, 255)), rgba)
    if image.mode == "LAB":
        image = ImageCms.profileToProfile(image, _LAB, _SRGB, outputMode="RGB") or image
    rgb = image.convert("RGB") if image.mode != "RGB" else image.copy()
    rgb.info.clear()
    return rgb


def deep_to_8_bits(image: Image.Image) -> tuple[Image.Image, int | None]:
    """Grey of more than 8 bits as 8 bits, and how many bits it uses where that had to be guessed;
    other images as they are.

    Raises:
        LackingError: nobody can say which value is white.
    """
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return _deep_grey(image)
    return image, None


def _deep_grey(image: Image.Image) -> tuple[Image.Image, int | None]:
    """Grey as Pillow decodes it: 16 bits of a PNG have white at 65535, as its standard says."""
    values: Samples = np.asarray(image)
    if image.format == "TIFF":
        tags = getattr(image, "tag_v2", {})
        bits = tags.get(tiff.BITS, (16,))[0]
        white = white_of(values)
        level = 4095.0 if bits == 12 else white.level
        inverted = tags.get(tiff.PHOTOMETRIC) == tiff.INVERTED
        used = None if bits == 12 else white.bits
        return Image.fromarray(to_bytes(values, level, inverted=inverted)), used
    level, used = (65535.0, None) if values.dtype.kind != "f" else white_of(values)
    return Image.fromarray(to_bytes(values, level)), used


def deep_picture(samples: Samples, directory: tiff.Directory) -> tuple[Image.Image, int | None]:
    """Samples of a TIFF as an 8-bit picture, grey or RGB, with alpha where it has some; and how
    many bits are used, where that had to be guessed.

    Raises:
        LackingError: nobody can say which value is white.
    """
    found = tiff.layout(directory)
    n = 3 if found.photometric == tiff.RGB else 1
    white = white_of(samples[..., :n])
    inverted = found.photometric == tiff.INVERTED
    colours = to_bytes(samples[..., :n], white.level, inverted=inverted)
    image = Image.fromarray(colours if n == 3 else colours[..., 0])
    extra = directory.get(tiff.EXTRA_SAMPLES, (0,))[0]
    if found.samples > n and extra:
        alpha = Image.fromarray(to_bytes(samples[..., n], white_of(samples[..., n]).level))
        image = image.convert("RGB")
        image.putalpha(alpha)
        if extra == _PREMULTIPLIED:
            image = Image.frombytes("RGBa", image.size, image.tobytes()).convert("RGBA")
    return image, white.bits


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The RGB ``image``, whose values the ICC ``profile`` explains, in sRGB: what screens show of a
    picture without a profile. Where the profile is none for RGB or grey, the image as it is.
    """
    if not profile:
        return image
    space = profile[16:20]  # ICC.1, colour space of data
    try:
        given = ImageCms.ImageCmsProfile(BytesIO(profile))
        if space == b"GRAY":
            image = image.convert("L")
        elif space != b"RGB ":
            return image
        shown = ImageCms.profileToProfile(image, given, _SRGB, outputMode="RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return image.convert("RGB")
    return shown or image
