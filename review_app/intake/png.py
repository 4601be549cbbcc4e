"""PNG files with more text than a decoder takes: the text is cut, the pixels stay."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_TEXT: Final = 1024**2
"""Bytes of one text or profile, unpacked; Pillow refuses the file beyond."""
_MAX_TOTAL_TEXT: Final = 16 * MAX_TEXT
"""The most bytes of all texts together; Pillow refuses the file at four times as much."""
_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PROFILE: Final = b"iCCP"


@dataclass(slots=True)
class Slim:
    """A file as a decoder takes it, and what was left out of it."""

    data: bytes
    texts: dict[str, str] = field(default_factory=dict)
    """The beginnings of the texts that were left out, by keyword."""
    profile: bool = False
    """Whether a colour profile was left out."""


def slim(data: bytes) -> Slim:
    """``data`` without the texts and profiles that are too long; the same bytes where none is."""
    found = Slim(data)
    kept: list[bytes] = []
    total, last = 0, len(SIGNATURE)
    for name, at, end in chunks(data):
        last = end
        body = data[at + 8 : end - 4]
        if name in _TEXTS or name == _PROFILE:
            keyword, text = _text(name, body)
            total += len(text)
            if len(text) > MAX_TEXT or total > _MAX_TOTAL_TEXT:
                _leave_out(found, name, keyword, text)
                continue
        kept.append(data[at:end])
    if found.texts or found.profile:
        found.data = b"".join([SIGNATURE, *kept, data[last:]])
    return found


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of each chunk that is there whole, up to the end chunk."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        yield name, at, end
        if name == b"IEND":
            return
        at = end


def _leave_out(found: Slim, name: bytes, keyword: str, text: bytes) -> None:
    if name == _PROFILE:
        found.profile = True
    else:
        encoding = "utf-8" if name == b"iTXt" else "latin-1"
        found.texts[keyword] = text[:MAX_TEXT].decode(encoding, "replace")


def _text(name: bytes, body: bytes) -> tuple[str, bytes]:
    """Keyword and text of a chunk; of a longer text at most one byte more than is taken."""
    keyword, _, rest = body.partition(b"\0")
    packed = name in (b"zTXt", _PROFILE)
    if packed:
        rest = rest[1:]  # the method
    elif name == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]  # past language and translation
    if packed:
        try:
            rest = zlib.decompressobj().decompress(rest, MAX_TEXT + 1)
        except zlib.error:
            rest = b""
    return keyword.decode("latin-1"), rest
