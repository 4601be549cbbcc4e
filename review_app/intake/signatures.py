"""What a file is, told from its first bytes alone; names and extensions are never trusted."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """The broad answer; it decides between decoding and the two ways of refusing."""

    SUPPORTED = "supported"
    """An image format that intake decodes; ``Signature.name`` is Pillow's name for it."""
    UNSUPPORTED = "unsupported"
    """An image format that intake does not take."""
    OTHER = "other"
    """Not an image."""


class Signature(NamedTuple):
    """What the first bytes say."""

    kind: Kind
    name: str


_MAGIC: tuple[tuple[int, bytes, Kind, str], ...] = (
    (0, b"\xff\xd8\xff\xf7", Kind.UNSUPPORTED, "JPEG-LS"),
    (0, b"\xff\xd8\xff", Kind.SUPPORTED, "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", Kind.SUPPORTED, "PNG"),
    (0, b"GIF87a", Kind.SUPPORTED, "GIF"),
    (0, b"GIF89a", Kind.SUPPORTED, "GIF"),
    (8, b"CR\x02", Kind.UNSUPPORTED, "Canon raw"),  # before TIFF, whose container it uses
    (8, b"IIII", Kind.UNSUPPORTED, "Phase One raw"),
    (0, b"II*\0", Kind.SUPPORTED, "TIFF"),
    (0, b"MM\0*", Kind.SUPPORTED, "TIFF"),
    (0, b"II+\0", Kind.SUPPORTED, "TIFF"),
    (0, b"MM\0+", Kind.SUPPORTED, "TIFF"),
    (0, b"%PDF", Kind.UNSUPPORTED, "PDF"),
    (0, b"%!PS", Kind.UNSUPPORTED, "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", Kind.UNSUPPORTED, "PostScript"),
    (0, b"8BPS", Kind.UNSUPPORTED, "Photoshop"),
    (0, b"\0\0\1\0", Kind.UNSUPPORTED, "icon"),
    (0, b"\0\0\2\0", Kind.UNSUPPORTED, "cursor"),
    (0, b"icns", Kind.UNSUPPORTED, "icon"),
    (0, b"\0\0\0\x0cjP  ", Kind.UNSUPPORTED, "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", Kind.UNSUPPORTED, "JPEG 2000"),
    (0, b"\0\0\0\x0cJXL ", Kind.UNSUPPORTED, "JPEG XL"),
    (0, b"\xff\x0a", Kind.UNSUPPORTED, "JPEG XL"),
    (0, b"v/1\x01", Kind.UNSUPPORTED, "OpenEXR"),
    (0, b"qoif", Kind.UNSUPPORTED, "QOI"),
    (0, b"DDS ", Kind.UNSUPPORTED, "DDS"),
    (0, b"FUJIFILMCCD-RAW", Kind.UNSUPPORTED, "Fujifilm raw"),
    (0, b"IIU\0", Kind.UNSUPPORTED, "Panasonic raw"),
    (0, b"IIRO", Kind.UNSUPPORTED, "Olympus raw"),
    (0, b"IIRS", Kind.UNSUPPORTED, "Olympus raw"),
    (0, b"MMOR", Kind.UNSUPPORTED, "Olympus raw"),
    (0, b"\0MRM", Kind.UNSUPPORTED, "Minolta raw"),
    (0, b"FOVb", Kind.UNSUPPORTED, "Sigma raw"),
    (6, b"HEAPCCDR", Kind.UNSUPPORTED, "Canon raw"),
    (0, b"ARRI", Kind.UNSUPPORTED, "ARRI raw"),
    (0, b"gimp xcf", Kind.UNSUPPORTED, "GIMP"),
    (0, b"II\xbc\x01", Kind.UNSUPPORTED, "JPEG XR"),
    (0, b"BPG\xfb", Kind.UNSUPPORTED, "BPG"),
    (0, b"FLIF", Kind.UNSUPPORTED, "FLIF"),
    (0, b"AT&TFORM", Kind.UNSUPPORTED, "DjVu"),
    (0, b"#?RADIANCE", Kind.UNSUPPORTED, "Radiance HDR"),
    (0, b"#?RGBE", Kind.UNSUPPORTED, "Radiance HDR"),
    (0, b"SIMPLE  =", Kind.UNSUPPORTED, "FITS"),
    (128, b"DICM", Kind.UNSUPPORTED, "DICOM"),
    (0, b"\x01\xda\0", Kind.UNSUPPORTED, "SGI"),
    (0, b"\x01\xda\x01", Kind.UNSUPPORTED, "SGI"),
    (0, b"\x59\xa6\x6a\x95", Kind.UNSUPPORTED, "Sun raster"),
    (0, b"\xd7\xcd\xc6\x9a", Kind.UNSUPPORTED, "Windows metafile"),
    (40, b" EMF", Kind.UNSUPPORTED, "Windows metafile"),
    (0, b"\x8aMNG", Kind.UNSUPPORTED, "MNG"),
    (0, b"\xabKTX ", Kind.UNSUPPORTED, "KTX"),
    (0, b"PK\3\4", Kind.OTHER, "a zip archive or an office document"),
    (0, b"PK\5\6", Kind.OTHER, "an empty zip archive"),
    (0, b"\x1f\x8b", Kind.OTHER, "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", Kind.OTHER, "a 7z archive"),
    (0, b"Rar!\x1a\x07", Kind.OTHER, "a rar archive"),
    (0, b"\xfd7zXZ\0", Kind.OTHER, "an xz archive"),
    (0, b"BZh", Kind.OTHER, "a bzip2 archive"),
    (0, b"\x28\xb5\x2f\xfd", Kind.OTHER, "a zstd archive"),
    (257, b"ustar", Kind.OTHER, "a tar archive"),
    (0, b"PAR1", Kind.OTHER, "a Parquet table"),
    (0, b"SQLite format 3\0", Kind.OTHER, "a database"),
    (0, b"\x1aE\xdf\xa3", Kind.OTHER, "a video"),
    (0, b"\x7fELF", Kind.OTHER, "a program"),
    (0, b"MZ", Kind.OTHER, "a program"),
)
_BMP_HEADER_SIZES = {12, 40, 52, 56, 64, 108, 124}
_TGA_TYPES = {1: (1,), 2: (0, 1), 3: (0,), 9: (1,), 10: (0, 1), 11: (0,)}
"""Image type → colour map types that go with it (TGA 2.0, fields 2 and 3)."""
_TGA_FOOTER = b"TRUEVISION-XFILE.\0"
_NETPBM = re.compile(rb"P[1-7]\s")
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}


def identify(data: bytes) -> Signature:
    """Tell the format of ``data`` from its beginning, of which at most 4 KiB are looked at (TGA
    alone has its name at its end)."""
    head = data[:4096]
    if _is_tga(head):  # before cursors, which begin with the same four bytes
        return Signature(Kind.UNSUPPORTED, "TGA")
    for offset, magic, kind, name in _MAGIC:
        if head.startswith(magic, offset):
            return Signature(kind, name)
    if head[:4] == b"RIFF":
        if head[8:12] == b"WEBP":
            return Signature(Kind.SUPPORTED, "WEBP")
        return Signature(Kind.OTHER, "a video or a sound")
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return Signature(Kind.SUPPORTED, "BMP")
    if _NETPBM.match(head):
        return Signature(Kind.UNSUPPORTED, "Netpbm")
    if data.endswith(_TGA_FOOTER):
        return Signature(Kind.UNSUPPORTED, "TGA")
    return _text(head)


def _is_tga(head: bytes) -> bool:
    """Whether an old TGA begins here, which has no name: its header's fields fit each other."""
    if len(head) < 18 or head[1] not in _TGA_TYPES.get(head[2], ()):
        return False
    map_length, map_bits = int.from_bytes(head[5:7], "little"), head[7]
    has_map = map_length > 0 and map_bits in (15, 16, 24, 32)
    sized = any(head[12:14]) and any(head[14:16])
    bits = (8, 16) if head[2] in (1, 3, 9, 11) else (15, 16, 24, 32)
    # Bits 0 to 3 of the last byte count those of alpha, 4 and 5 tell the corner; the others are 0.
    return sized and head[16] in bits and head[17] < 64 and has_map == bool(head[1])


def _iso_media(head: bytes) -> Signature:
    """Tell AVIF, HEIF and video apart: they share a container and differ in their brands."""
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = {head[8:12]} | {head[i : i + 4] for i in range(16, size, 4)}
    if brands & _AVIF_BRANDS:
        return Signature(Kind.SUPPORTED, "AVIF")
    if brands & _HEIF_BRANDS:
        return Signature(Kind.SUPPORTED, "HEIF")
    if b"crx " in brands:
        return Signature(Kind.UNSUPPORTED, "Canon raw")
    return Signature(Kind.OTHER, "a video or a sound")


def _text(head: bytes) -> Signature:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_page = text.startswith(b"<!doctype html") or b"<html" in text
    if b"<svg" in text and text.startswith((b"<svg", b"<?xml", b"<!")) and not is_page:
        return Signature(Kind.UNSUPPORTED, "SVG")
    if is_page:
        return Signature(Kind.OTHER, "a web page")
    if b"\0" not in head:
        try:
            head[:4092].decode("utf-8")
        except UnicodeDecodeError as error:
            # a character cut by the end of the sample is still text
            if error.start < min(len(head), 4092) - 4:
                return Signature(Kind.OTHER, "unknown bytes")
        return Signature(Kind.OTHER, "text")
    return Signature(Kind.OTHER, "unknown bytes")
