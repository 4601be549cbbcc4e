"""The metadata of a file (EXIF, XMP, IPTC, ICC name, text), as plain data kept apart from pixels.

Everything here is written by whoever made the file, so it is capped in size, cleaned of
control characters, and safe for JSON; nothing in it is ever trusted.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any, Final, TypeAlias

from PIL import ExifTags, Image, ImageCms

from review_app.intake import xmp
from review_app.intake.iptc import read_iptc

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_TEXT: Final = 20_000
"""Characters kept of one value: what a generator was told is often longer than a page."""
MAX_TOTAL: Final = 60_000
"""Characters kept of all values of a file: beyond, each is cut to `_SHORT`."""
_SHORT: Final = 200
MAX_ENTRIES: Final = 200
"""Entries kept of one group (EXIF, GPS, text) or one list."""
_XMP_KEYS: Final = ("xmp", "XML:com.adobe.xmp", "Raw profile type xmp")
_SUB_DIRECTORIES: Final = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop}
_WINDOWS: Final = range(0x9C9B, 0x9CA0)
"""XPTitle, XPComment, XPAuthor, XPKeywords, XPSubject: UTF-16, little-endian."""
_COMMENT_CODES: Final = {
    b"ASCII\0\0\0": "ascii",
    b"UNICODE\0": "utf-16",
    b"JIS\0\0\0\0\0": "iso2022_jp",
    bytes(8): "utf-8",
}
"""What the first eight bytes of a UserComment say of the others (EXIF 2.32, 4.6.5)."""


def read_metadata(image: Image.Image, texts: Mapping[str, str] | None = None) -> dict[str, Json]:
    """Read what ``image`` carries: ``exif``, ``gps``, ``xmp`` (its properties; text where it is no
    XML), ``iptc``, ``text``, ``comment``, ``icc``, ``dpi``; groups that are absent or damaged
    are left out. ``texts`` are further text chunks.
    """
    exif = image.getexif()
    found: dict[str, Json] = {
        "exif": _named(_merged(exif), ExifTags.TAGS),
        "gps": _named(_directory(exif, ExifTags.IFD.GPSInfo), ExifTags.GPSTAGS),
        "xmp": _xmp(image),
        "iptc": _plain(read_iptc(image)),
        "text": _text_chunks(image, texts or {}),
        "comment": _plain(image.info.get("comment")),
        "icc": icc_name(image.info.get("icc_profile")),
        "dpi": _plain(image.info.get("dpi")),
    }
    kept = {key: value for key, value in found.items() if value not in (None, "", {}, [])}
    return dict(_Budget().cut_all(kept))


class _Budget:
    """A budget that cuts long values once those before them have used up what may be kept."""

    def __init__(self) -> None:
        self._left = MAX_TOTAL

    def cut_all(self, values: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
        """``values``, each cut where it has to be."""
        for key, value in values.items():
            yield key, self._cut(value)

    def _cut(self, value: Json) -> Json:
        if isinstance(value, dict):
            return dict(self.cut_all(value))
        if isinstance(value, list):
            return [self._cut(one) for one in value]
        if not isinstance(value, str):
            return value
        kept = value[: max(_SHORT, self._left)]
        self._left -= len(kept)
        return kept


def icc_name(profile: object) -> str | None:
    """The profile's own description, such as ``Display P3``; None where there is none."""
    if not isinstance(profile, bytes) or not profile:
        return None
    try:
        opened: Any = ImageCms.ImageCmsProfile(BytesIO(profile))
        return clean(opened.profile.profile_description or "") or "unnamed"
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
    return {names.get(tag, f"0x{tag:04x}"): _plain(_worded(tag, value)) for tag, value in kept}


def _worded(tag: int, value: object) -> object:
    """The text of tags that have one in an encoding of their own; other values as they are."""
    if isinstance(value, tuple) and tag in _WINDOWS:
        value = bytes(byte for byte in value if isinstance(byte, int) and 0 <= byte < 256)
    if not isinstance(value, bytes):
        return value
    if tag in _WINDOWS:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    if tag == ExifTags.Base.UserComment:
        return _comment(value)
    return value


def _comment(value: bytes) -> str | bytes:
    encoding, body = _COMMENT_CODES.get(value[:8]), value[8:]
    if encoding is None:
        return value
    if encoding == "utf-16":
        return _utf16(body)
    text = body.rstrip(b"\0").decode(encoding, "replace")
    # Some write UTF-8, and say ASCII.
    return text if "\ufffd" not in text else body.rstrip(b"\0").decode("utf-8", "replace")


def _utf16(body: bytes) -> str:
    """UTF-16 of either order: a mark, or else where the zeros of Latin letters are, tells which."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace").rstrip("\0")
    big = body[::2].count(0) >= body[1::2].count(0)
    return body.decode("utf-16-be" if big else "utf-16-le", "replace").rstrip("\0")


def _xmp(image: Image.Image) -> Json:
    packet = next((image.info[key] for key in _XMP_KEYS if key in image.info), None)
    parsed = xmp.parse(packet) if isinstance(packet, (str, bytes)) else None
    return _plain(packet if parsed is None else parsed)


def _text_chunks(image: Image.Image, texts: Mapping[str, str]) -> dict[str, Json]:
    chunks = getattr(image, "text", None)
    chunks = {**(chunks if isinstance(chunks, dict) else {}), **texts}
    kept = [(key, value) for key, value in chunks.items() if key not in _XMP_KEYS]
    return {clean(str(key))[:80]: _plain(str(value)) for key, value in kept[:MAX_ENTRIES]}


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
        return clean(value)
    if isinstance(value, bytes):
        return _plain_bytes(value)
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in list(value)[:MAX_ENTRIES]]
    if isinstance(value, dict):
        items = list(value.items())[:MAX_ENTRIES]
        return {clean(str(key))[:80]: _plain(one) for key, one in items}
    return f"<{type(value).__name__}>"


def _plain_bytes(value: bytes) -> str:
    try:
        text = value.removeprefix(b"ASCII\0\0\0").rstrip(b"\0").decode("utf-8")
    except UnicodeDecodeError:
        return f"<{len(value)} bytes>"
    return clean(text) if "\0" not in text else f"<{len(value)} bytes>"


def clean(text: str, most: int = MAX_TEXT) -> str:
    """Cut, and drop what a database or a page could choke on (controls, lone surrogates)."""
    cut = text[:most]
    return "".join(c for c in cut if c.isprintable() or c in "\n\t").strip()
