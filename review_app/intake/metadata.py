"""What a file says about itself (EXIF, XMP, ICC name, text), as plain data kept apart from pixels.

Everything here is written by whoever made the file, so it is capped in size, cleaned of
control characters, and safe for JSON; nothing in it is ever trusted.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final, TypeAlias

from PIL import ExifTags, Image, ImageCms

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_TEXT: Final = 2_000
"""Characters kept of one value."""
MAX_ENTRIES: Final = 200
"""Entries kept of one group (EXIF, GPS, text) or one list."""
_XMP_KEYS: Final = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp")
_SUB_DIRECTORIES: Final = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop}


def read_metadata(image: Image.Image, texts: Mapping[str, str] | None = None) -> dict[str, Json]:
    """Read what ``image`` carries: ``exif``, ``gps``, ``xmp``, ``text``, ``comment``, ``icc``,
    ``dpi``; groups that are absent or damaged are left out. ``texts`` are further text chunks.
    """
    exif = image.getexif()
    found: dict[str, Json] = {
        "exif": _named(_merged(exif), ExifTags.TAGS),
        "gps": _named(_directory(exif, ExifTags.IFD.GPSInfo), ExifTags.GPSTAGS),
        "xmp": _xmp(image),
        "text": _text_chunks(image, texts or {}),
        "comment": _plain(image.info.get("comment")),
        "icc": icc_name(image.info.get("icc_profile")),
        "dpi": _plain(image.info.get("dpi")),
    }
    return {key: value for key, value in found.items() if value not in (None, "", {}, [])}


def icc_name(profile: object) -> str | None:
    """The profile's own description, such as ``Display P3``; None where there is none."""
    if not isinstance(profile, bytes) or not profile:
        return None
    try:
        opened: Any = ImageCms.ImageCmsProfile(BytesIO(profile))
        return _clean(opened.profile.profile_description or "") or "unnamed"
    except (OSError, ValueError, TypeError):
        return "damaged"


def _merged(exif: Image.Exif) -> dict[int, object]:
    own = {tag: value for tag, value in exif.items() if tag not in _SUB_DIRECTORIES}
    return own | _directory(exif, ExifTags.IFD.Exif)


def _directory(exif: Image.Exif, tag: int) -> dict[int, object]:
    try:
        return dict(exif.get_ifd(tag))
    except Exception:  # hostile directories raise whatever the parser stumbles on
        return {}


def _named(tags: dict[int, object], names: Mapping[int, str]) -> dict[str, Json]:
    kept = list(tags.items())[:MAX_ENTRIES]
    return {names.get(tag, f"0x{tag:04x}"): _plain(value) for tag, value in kept}


def _xmp(image: Image.Image) -> Json:
    return next((_plain(image.info[key]) for key in _XMP_KEYS if key in image.info), None)


def _text_chunks(image: Image.Image, texts: Mapping[str, str]) -> dict[str, Json]:
    chunks = getattr(image, "text", None)
    chunks = {**(chunks if isinstance(chunks, dict) else {}), **texts}
    kept = [(key, value) for key, value in chunks.items() if key not in _XMP_KEYS]
    return {_clean(str(key))[:80]: _plain(str(value)) for key, value in kept[:MAX_ENTRIES]}


def _plain(value: object) -> Json:
    """Any value of a tag as JSON: text is capped, binary is only counted."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)[:40]
    if isinstance(value, numbers.Real):  # IFDRational with denominator 0 is nan
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, bytes):
        return _plain_bytes(value)
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in list(value)[:MAX_ENTRIES]]
    if isinstance(value, dict):
        items = list(value.items())[:MAX_ENTRIES]
        return {_clean(str(key))[:80]: _plain(one) for key, one in items}
    return f"<{type(value).__name__}>"


def _plain_bytes(value: bytes) -> str:
    try:
        text = value.removeprefix(b"ASCII\0\0\0").rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return f"<{len(value)} bytes>"
    return _clean(text) if "\0" not in text else f"<{len(value)} bytes>"


def _clean(text: str) -> str:
    """Cut, and drop what a database or a page could choke on (controls, lone surrogates)."""
    cut = text[:MAX_TEXT]
    return "".join(c for c in cut if c.isprintable() or c in "\n\t").strip()
