"""Bytes of a known format become pixels here, with what each format needs that Pillow does not
do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Final

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from review_app.intake import jpeg, png, tiff
from review_app.intake.colours import deep_picture, deep_to_8_bits, to_rgb
from review_app.intake.lacking import lacks
from review_app.intake.metadata import Json, read_metadata

Check = Callable[..., None]
"""A function that is called with the pixels declared, and the bytes that they unpack to, before
anything is decoded; it raises where they are too many."""

_XMP: Final = ("xmp", "XML:com.adobe.xmp")
_AVERAGED: Final = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})
"""Modes whose values may be averaged as they are; others are indices, or are scaled first."""


@dataclass(slots=True)
class Opened:
    """A picture as its file stores it, 8-bit RGB, and what the file says."""

    rgb: Image.Image
    orientation: int
    """EXIF's; still to be applied."""
    applied: int
    """Applied already: 1 for none."""
    frames: int
    bits: int
    transparent: bool
    icc_profile: bytes | None
    metadata: dict[str, Json]
    notes: tuple[str, ...] = field(default=())


def open_picture(data: bytes, format_name: str, check: Check, least: int = 0) -> Opened:
    """Decode ``data`` of that format; ``least``: as in `decode`.

    Raises:
        LackingError: no decoder here can do it.
        Exception: whatever ``check`` raises, and decoders of damaged files.
    """
    if format_name == "TIFF":
        return _open_tiff(data, check, least)
    if format_name == "PNG":
        return _open_png(data, check, least)
    try:
        return _open(data, format_name, check, least)
    except OSError:
        whole = _completed(data) if format_name == "JPEG" else None
        if whole is None:
            raise
        opened = _open(whole, format_name, check, least)
        return replace(opened, notes=(*opened.notes, "no_end"))


def _open(
    data: bytes, format_name: str, check: Check, least: int, texts: dict[str, str] | None = None
) -> Opened:
    image = Image.open(BytesIO(data), formats=[format_name])
    check(image.width * image.height)
    applied = 1
    if format_name == "TIFF":
        applied = _orientation(image)  # Pillow applies it while it loads, and forgets it
    if least:
        _ask_for_less(image, least)
    frame = image.tile[0][1] if format_name == "GIF" and image.tile else None
    image.load()
    left = _orientation(image)
    eight, used = deep_to_8_bits(image)
    if frame is not None and frame != (0, 0, *image.size):
        eight = _framed(eight, frame)
    if least:
        eight = _reduced(eight, least)
    profile = image.info.get("icc_profile")
    return Opened(
        rgb=to_rgb(eight),
        orientation=left,
        applied=applied,
        frames=_frames(image),
        bits=_bits(image),
        transparent=eight.has_transparency_data,
        icc_profile=profile if isinstance(profile, bytes) and profile else None,
        metadata=read_metadata(image, texts),
        notes=() if used is None else (f"bits_{used}",),
    )


def _ask_for_less(image: Image.Image, least: int) -> None:
    """Have a JPEG decoded at an eighth of its size, a quarter or a half, where that is enough."""
    share = least / max(image.size)
    image.draft(image.mode, (max(1, int(image.width * share)), max(1, int(image.height * share))))


def _reduced(image: Image.Image, least: int) -> Image.Image:
    """``image`` with whole blocks of pixels averaged, as far as what is left is enough; before
    anything else makes a copy of all its pixels."""
    factor = max(image.size) // least
    return image.reduce(factor) if factor > 1 and image.mode in _AVERAGED else image


def _framed(image: Image.Image, frame: tuple[int, int, int, int]) -> Image.Image:
    """``image`` with nothing around ``frame``, as browsers show a GIF whose first frame is smaller
    than its screen; Pillow has the background colour there."""
    whole = Image.new("RGBA", image.size, (0, 0, 0, 0))
    whole.paste(image.convert("RGBA").crop(frame), frame[:2])
    return whole


def _open_png(data: bytes, check: Check, least: int) -> Opened:
    slim = png.slim(data)
    opened = _open(slim.data, "PNG", check, least, slim.texts)
    notes = [*opened.notes]
    if slim.texts:
        notes.append("text_cut")
    if slim.profile:
        notes.append("profile_cut")
    return replace(opened, notes=tuple(notes))


def _open_tiff(data: bytes, check: Check, least: int) -> Opened:
    found = tiff.directories(data)
    frames = max(1, tiff.pages(data))
    first = found[0] if found else {}
    layout = tiff.layout(first)
    if not layout.deep:
        return replace(_open(data, "TIFF", check, least), frames=frames)
    check(tiff.pixels(first), layout.n_bytes)
    if tiff.is_readable(first):
        return replace(_open_deep(data, first), frames=frames)
    if not tiff.is_common(layout) or layout.planar or layout.bits == 0:
        raise lacks("TIFF", "pixels", samples=layout.samples, bits=layout.bits, kind=layout.kind)
    opened = _open(data, "TIFF", check, 0)
    if layout.samples > 1 and int(np.asarray(opened.rgb).max()) < 16:
        # Pillow keeps the upper byte alone: of 12 bits in 16 nothing would be left.
        raise lacks("TIFF", "pixels", samples=layout.samples, bits=12, kind=layout.kind)
    return replace(opened, frames=frames, bits=layout.bits)


def _open_deep(data: bytes, first: tiff.Directory) -> Opened:
    """A deep TIFF by its samples; what the file says, where Pillow can open it."""
    picture, used = deep_picture(tiff.read_samples(data, first), first)
    orientation = first.get(tiff.ORIENTATION, (1,))[0]
    metadata: dict[str, Json] = {}
    profile = None
    try:
        image = Image.open(BytesIO(data), formats=["TIFF"])
        profile = image.info.get("icc_profile")
        metadata = read_metadata(image)
    except (UnidentifiedImageError, KeyError):
        pass  # a layout that Pillow does not know: then its tags stay unread
    return Opened(
        rgb=to_rgb(picture),
        orientation=orientation,
        applied=1,
        frames=1,
        bits=tiff.layout(first).bits,
        transparent=picture.mode == "RGBA",
        icc_profile=profile if isinstance(profile, bytes) and profile else None,
        metadata=metadata,
        notes=() if used is None else (f"bits_{used}",),
    )


def _completed(data: bytes) -> bytes | None:
    """The JPEG with its end marker, where nothing else is missing; else None."""

    def pixels(whole: bytes) -> bytes:
        image = Image.open(BytesIO(whole), formats=["JPEG"])
        return hashlib.blake2b(image.tobytes()).digest()  # of many megapixels one copy at a time

    return jpeg.completed(data, pixels)


def _orientation(image: Image.Image) -> int:
    """What EXIF says, 1 to 8, else 1. XMP's word does not count: no browser turns images by it."""
    aside: dict[str | tuple[int, int], object] = {
        key: image.info.pop(key) for key in _XMP if key in image.info
    }
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF raises whatever its parser stumbles on; the pixels are good
        value = 1
    image.info.update(aside)
    return value if isinstance(value, int) and value in range(1, 9) else 1


def _bits(image: Image.Image) -> int:
    if image.mode == "1":
        return 1
    if image.mode.startswith("I;16"):
        return 16
    return 32 if image.mode in ("I", "F") else 8


def _frames(image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # a damaged later frame does not take away a good first one
        return 1
