"""JPEG files without their end: some have every pixel all the same, as panoramas of some phones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

_EOI: Final = b"\xff\xd9"
_SOS: Final = 0xDA
_DNL: Final = 0xDC
_COEFFICIENTS: Final = 64
_TAILS: Final = tuple(pair * 64 for pair in (b"\0\0", b"\xfe\x7f", b"\x55\xaa", b"\xaa\x55"))
"""Put before the end: decoded where pixels were missing, ignored where none were. Their first bits
differ, for often nothing but the last bits of a file are missing."""


def completed(data: bytes, pixels: Callable[[bytes], bytes]) -> bytes | None:
    """``data`` with an end marker, where it has all pixels and lacks nothing but that; else None.

    All scans must be there, each component to its last bit, and the picture must be the same
    whatever follows the data. ``pixels`` decodes a file, and raises what it likes.
    """
    if not _scans_complete(data):
        return None
    body = data.rstrip(b"\xff")
    try:
        first = pixels(body + _EOI)
        same = all(pixels(body + tail + _EOI) == first for tail in _TAILS)
    except Exception:  # whatever a decoder raises on a damaged file
        return None
    return body + _EOI if same else None


def _scans_complete(data: bytes) -> bool:
    """Whether the scans that begin in ``data`` bring each coefficient to its last bit."""
    components: set[int] = set()
    left: dict[int, list[int]] = {}
    for marker, segment in _segments(data):
        if marker in (0xC0, 0xC1, 0xC2):
            components = set(segment[6 : 6 + 3 * segment[5] : 3]) if len(segment) > 5 else set()
            left = {component: [1] * _COEFFICIENTS for component in components}
        elif marker == _SOS and segment:
            n = segment[0]
            if len(segment) < 4 + 2 * n:
                return False
            first, last, bits = segment[1 + 2 * n], segment[2 + 2 * n], segment[3 + 2 * n] & 15
            for component in segment[1 : 1 + 2 * n : 2]:
                for at in range(first, min(last, _COEFFICIENTS - 1) + 1):
                    left.get(component, [0] * _COEFFICIENTS)[at] = bits
    return bool(components) and not any(any(bits) for bits in left.values())


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Markers with their segments, past the entropy-coded data of each scan, as far as they go."""
    at = 2
    while 0 <= at < len(data) - 3:
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF) or 0xD0 <= marker <= 0xD7:
            at = data.find(b"\xff", at + 1)
            continue
        if marker == _EOI[1]:
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + length
