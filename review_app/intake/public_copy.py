"""The copy of an image that reviewers may download: the same pixels, upright, without metadata.

Upright JPEG and opaque PNG files are cut segment by segment, never re-encoded; everything else
becomes a PNG of the decoded pixels. ICC profiles stay, because they change the colours.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from review_app.intake.decode import DecodedImage

_ENTROPY_END: Final = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""The first marker after entropy-coded data: not a stuffed zero, not a restart (T.81, B.1.1)."""
_SOS: Final = 0xDA
_EOI: Final = 0xD9
_APPLICATION_SEGMENTS: Final = range(0xE0, 0xF0)
_COMMENT: Final = 0xFE
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"gAMA", b"cHRM"),
    *(b"sRGB", b"iCCP", b"sBIT", b"cICP"),
}
"""Chunks that make the pixels and their colours; text, EXIF, time and animation chunks go."""


class _MalformedError(Exception):
    """The file decodes, but its segments cannot be followed: it is re-encoded instead."""


def public_copy(data: bytes, decoded: DecodedImage) -> tuple[bytes, str]:
    """Return the bytes for download and their media type.

    ``decode(public_copy(data, decode(data)))`` has exactly the pixels of ``decode(data)``.
    """
    try:
        if decoded.format == "JPEG" and decoded.orientation == 1:
            return _strip_jpeg(data), "image/jpeg"
        if decoded.format == "PNG" and decoded.orientation == 1 and not decoded.transparent:
            return _strip_png(data, decoded.icc_profile is not None), "image/png"
    except _MalformedError:
        pass
    return _as_png(decoded), "image/png"


def _as_png(decoded: DecodedImage) -> bytes:
    profile = decoded.icc_profile
    is_rgb = profile is not None and profile[16:20] == b"RGB "  # ICC.1, colour space of data
    out = BytesIO()
    decoded.image.save(out, "PNG", icc_profile=profile if is_rgb else None)
    return out.getvalue()


def _strip_jpeg(data: bytes) -> bytes:
    """Keep JFIF, ICC and Adobe segments, tables and scans; stop at the first end of image."""
    kept = [b"\xff\xd8"]
    at = 2
    while True:
        marker, at = _next_marker(data, at)
        if marker == _EOI:
            return b"".join([*kept, b"\xff\xd9"])
        length = int.from_bytes(data[at : at + 2], "big")
        segment = data[at : at + length]
        if length < 2 or len(segment) < length:
            raise _MalformedError
        at += length
        body = _kept_segment(marker, segment)
        if body is not None:
            kept += [bytes((0xFF, marker)), body]
        if marker == _SOS:
            end = _ENTROPY_END.search(data, at)
            if end is None:  # no end of image: decoders accept it, so does this
                return b"".join([*kept, data[at:], b"\xff\xd9"])
            kept.append(data[at : end.start()])
            at = end.start()


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker code at ``at`` (fill bytes skipped) and where its segment begins."""
    if data[at : at + 1] != b"\xff":
        raise _MalformedError
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data):
        raise _MalformedError
    return data[at], at + 1


def _kept_segment(marker: int, segment: bytes) -> bytes | None:
    """The segment as it may leave the house, length bytes included; None drops it."""
    if marker == _COMMENT:
        return None
    if marker not in _APPLICATION_SEGMENTS:
        return segment
    body = segment[2:]
    if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) >= 14:
        # the thumbnail that JFIF allows here may show what was cropped away
        return struct.pack(">H", 16) + body[:12] + b"\0\0"
    keep = (marker == 0xE2 and body.startswith(b"ICC_PROFILE\0")) or (
        marker == 0xEE and body.startswith(b"Adobe")
    )
    return segment if keep else None


def _strip_png(data: bytes, keeps_profile: bool) -> bytes:
    """The file without a profile that the decoder left out: colours are those that everything else
    shows."""
    kept = _PNG_KEPT if keeps_profile else _PNG_KEPT - {b"iCCP"}
    chunks = [whole for name, whole in _png_chunks(data) if name in kept]
    return b"".join([_PNG_SIGNATURE, *chunks])


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and whole bytes of each chunk, up to the end chunk and not past it."""
    at = len(_PNG_SIGNATURE)
    while True:
        length = int.from_bytes(data[at : at + 4], "big")
        name = data[at + 4 : at + 8]
        whole = data[at : at + 12 + length]
        if len(whole) < 12 + length:
            raise _MalformedError
        yield name, whole
        if name == b"IEND":
            return
        at += 12 + length
