"""Files may be whole and of a format that is taken, and yet our decoders lack what they need. They
are told apart from damaged ones, which nobody could decode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from review_app.i18n import Text, Value
from review_app.intake import tiff

_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame (T.81, table B.1)."""
_HUFFMAN_DCT: Final = frozenset({0xC0, 0xC1, 0xC2})
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_BMP_METHODS: Final = {2: "RLE4", 4: "JPEG", 5: "PNG"}


class LackingError(Exception):
    """A decoder lacks what the file needs; ``detail`` says what, for people."""

    def __init__(self, detail: Text) -> None:
        super().__init__(detail)
        self.detail = detail


def lacks(format_name: str, what: str, **values: Value) -> LackingError:
    """A reason: files of the format are taken, but not with ``what`` (a key of words)."""
    kind = Text(f"inspect.lacks_{what}", values)
    return LackingError(Text("inspect.lacks", {"format": format_name, "what": kind}))


def refuse_misread(format_name: str, data: bytes) -> None:
    """Raise LackingError for what a decoder takes and gets wrong."""
    if format_name == "BMP":
        method = _bmp_method(data)
        if method in _BMP_METHODS:
            raise lacks("BMP", "compression", name=_BMP_METHODS[method])
    elif format_name == "PNG" and data[12:16] == b"CgBI":
        raise lacks("PNG", "apple")
    elif format_name == "TIFF":
        _refuse_raw(data)


def why_not(format_name: str, data: bytes) -> LackingError | None:
    """What is lacking for a file that did not decode; None where it is simply damaged."""
    explain = _EXPLAIN.get(format_name)
    return explain(data) if explain else None


def _refuse_raw(data: bytes) -> None:
    found = tiff.directories(data)
    if any(map(tiff.is_raw, found)):
        raise LackingError(Text("inspect.camera_raw"))
    if found and tiff.is_preview(found[0]) and max(map(tiff.pixels, found)) > tiff.pixels(found[0]):
        raise LackingError(Text("inspect.preview_first"))


def _tiff(data: bytes) -> LackingError | None:
    """A directory that can be followed, with something in it that no decoder here knows."""
    found = tiff.directories(data)
    if not found or not tiff.pixels(found[0]):
        return None
    first = found[0]
    layout = tiff.layout(first)
    if layout.compression not in tiff.COMPRESSIONS:
        return lacks("TIFF", "compression", name=str(layout.compression))
    if not tiff.is_common(layout):
        return lacks("TIFF", "pixels", samples=layout.samples, bits=layout.bits, kind=layout.kind)
    return None


def _jpeg(data: bytes) -> LackingError | None:
    frame = _jpeg_frame(data)
    if frame is None:
        return None
    marker, precision, components = frame
    if marker not in _HUFFMAN_DCT:
        return lacks("JPEG", "coding", name=f"SOF{marker - 0xC0}")
    if precision != 8:
        return lacks("JPEG", "bits", bits=precision)
    return None if components in (1, 3, 4) else lacks("JPEG", "components", n=components)


def _jpeg_frame(data: bytes) -> tuple[int, int, int] | None:
    """The first frame's marker, bits per sample and components."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _SOF:
            header = data[at + 4 : at + 10]
            return (marker, header[0], header[5]) if len(header) == 6 else None
        if marker == 0xFF:
            at += 1
        elif marker in _STANDALONE:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _bmp(data: bytes) -> LackingError | None:
    method = _bmp_method(data)
    return lacks("BMP", "compression", name=str(method)) if method not in (0, 1, 3, 6) else None


def _bmp_method(data: bytes) -> int:
    """The compression that the header names; 0, none, for headers that name none."""
    if int.from_bytes(data[14:18], "little") < 40:
        return 0
    return int.from_bytes(data[30:34], "little")


_EXPLAIN: Final[Mapping[str, Callable[[bytes], LackingError | None]]] = {
    "TIFF": _tiff,
    "JPEG": _jpeg,
    "BMP": _bmp,
}
