"""Signatures tell what a file is by its first bytes alone; names and extensions are never
trusted."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class FileKind(StrEnum):
    """The broad answer; it decides between decoding and the two ways of refusing."""

    SUPPORTED = "supported"
    """An image format that intake decodes; ``Signature.name`` is Pillow's name for it."""
    UNSUPPORTED = "unsupported"
    """An image format that intake does not take."""
    OTHER = "other"
    """Anything that is not an image."""


class Signature(NamedTuple):
    """The kind and name of a file's format, told by its first bytes."""

    kind: FileKind
    name: str


_MAGIC: tuple[tuple[int, bytes, FileKind, str], ...] = (
    (0, b"\xff\xd8\xff\xf7", FileKind.UNSUPPORTED, "JPEG-LS"),
    (0, b"\xff\xd8\xff", FileKind.SUPPORTED, "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", FileKind.SUPPORTED, "PNG"),
    (0, b"GIF87a", FileKind.SUPPORTED, "GIF"),
    (0, b"GIF89a", FileKind.SUPPORTED, "GIF"),
    (8, b"CR\x02", FileKind.UNSUPPORTED, "Canon raw"),  # before TIFF, whose container it uses
    (8, b"IIII", FileKind.UNSUPPORTED, "Phase One raw"),
    (0, b"II*\0", FileKind.SUPPORTED, "TIFF"),
    (0, b"MM\0*", FileKind.SUPPORTED, "TIFF"),
    (0, b"II+\0", FileKind.SUPPORTED, "TIFF"),
    (0, b"MM\0+", FileKind.SUPPORTED, "TIFF"),
    (0, b"%PDF", FileKind.UNSUPPORTED, "PDF"),
    (0, b"%!PS", FileKind.UNSUPPORTED, "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", FileKind.UNSUPPORTED, "PostScript"),
    (0, b"8BPS", FileKind.UNSUPPORTED, "Photoshop"),
    (0, b"\0\0\1\0", FileKind.UNSUPPORTED, "icon"),
    (0, b"\0\0\2\0", FileKind.UNSUPPORTED, "cursor"),
    (0, b"icns", FileKind.UNSUPPORTED, "icon"),
    (0, b"\0\0\0\x0cjP  ", FileKind.UNSUPPORTED, "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", FileKind.UNSUPPORTED, "JPEG 2000"),
    (0, b"\0\0\0\x0cJXL ", FileKind.UNSUPPORTED, "JPEG XL"),
    (0, b"\xff\x0a", FileKind.UNSUPPORTED, "JPEG XL"),
    (0, b"v/1\x01", FileKind.UNSUPPORTED, "OpenEXR"),
    (0, b"qoif", FileKind.UNSUPPORTED, "QOI"),
    (0, b"DDS ", FileKind.UNSUPPORTED, "DDS"),
    (0, b"FUJIFILMCCD-RAW", FileKind.UNSUPPORTED, "Fujifilm raw"),
    (0, b"IIU\0", FileKind.UNSUPPORTED, "Panasonic raw"),
    (0, b"IIRO", FileKind.UNSUPPORTED, "Olympus raw"),
    (0, b"IIRS", FileKind.UNSUPPORTED, "Olympus raw"),
    (0, b"MMOR", FileKind.UNSUPPORTED, "Olympus raw"),
    (0, b"\0MRM", FileKind.UNSUPPORTED, "Minolta raw"),
    (0, b"FOVb", FileKind.UNSUPPORTED, "Sigma raw"),
    (6, b"HEAPCCDR", FileKind.UNSUPPORTED, "Canon raw"),
    (0, b"ARRI", FileKind.UNSUPPORTED, "ARRI raw"),
    (0, b"gimp xcf", FileKind.UNSUPPORTED, "GIMP"),
    (0, b"II\xbc\x01", FileKind.UNSUPPORTED, "JPEG XR"),
    (0, b"BPG\xfb", FileKind.UNSUPPORTED, "BPG"),
    (0, b"FLIF", FileKind.UNSUPPORTED, "FLIF"),
    (0, b"AT&TFORM", FileKind.UNSUPPORTED, "DjVu"),
    (0, b"#?RADIANCE", FileKind.UNSUPPORTED, "Radiance HDR"),
    (0, b"#?RGBE", FileKind.UNSUPPORTED, "Radiance HDR"),
    (0, b"SIMPLE  =", FileKind.UNSUPPORTED, "FITS"),
    (128, b"DICM", FileKind.UNSUPPORTED, "DICOM"),
    (0, b"\x01\xda\0", FileKind.UNSUPPORTED, "SGI"),
    (0, b"\x01\xda\x01", FileKind.UNSUPPORTED, "SGI"),
    (0, b"\x59\xa6\x6a\x95", FileKind.UNSUPPORTED, "Sun raster"),
    (0, b"\xd7\xcd\xc6\x9a", FileKind.UNSUPPORTED, "Windows metafile"),
    (40, b" EMF", FileKind.UNSUPPORTED, "Windows metafile"),
    (0, b"\x8aMNG", FileKind.UNSUPPORTED, "MNG"),
    (0, b"\xabKTX ", FileKind.UNSUPPORTED, "KTX"),
    (0, b"PK\3\4", FileKind.OTHER, "a zip archive or an office document"),
    (0, b"PK\5\6", FileKind.OTHER, "an empty zip archive"),
    (0, b"\x1f\x8b", FileKind.OTHER, "a gzip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", FileKind.OTHER, "a 7z archive"),
    (0, b"Rar!\x1a\x07", FileKind.OTHER, "a rar archive"),
    (0, b"\xfd7zXZ\0", FileKind.OTHER, "an xz archive"),
    (0, b"BZh", FileKind.OTHER, "a bzip2 archive"),
    (0, b"\x28\xb5\x2f\xfd", FileKind.OTHER, "a zstd archive"),
    (257, b"ustar", FileKind.OTHER, "a tar archive"),
    (0, b"PAR1", FileKind.OTHER, "a Parquet table"),
    (0, b"SQLite format 3\0", FileKind.OTHER, "a database"),
    (0, b"\x1aE\xdf\xa3", FileKind.OTHER, "a video"),
    (0, b"\x7fELF", FileKind.OTHER, "a program"),
    (0, b"MZ", FileKind.OTHER, "a program"),
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
        return Signature(FileKind.UNSUPPORTED, "TGA")
    for offset, magic, kind, name in _MAGIC:
        if head.startswith(magic, offset):
            return Signature(kind, name)
    if head[:4] == b"RIFF":
        if head[8:12] == b"WEBP":
            return Signature(FileKind.SUPPORTED, "WEBP")
        return Signature(FileKind.OTHER, "a video or a sound")
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return Signature(FileKind.SUPPORTED, "BMP")
    if _NETPBM.match(head):
        return Signature(FileKind.UNSUPPORTED, "Netpbm")
    if data.endswith(_TGA_FOOTER):
        return Signature(FileKind.UNSUPPORTED, "TGA")
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
        return Signature(FileKind.SUPPORTED, "AVIF")
    if brands & _HEIF_BRANDS:
        return Signature(FileKind.SUPPORTED, "HEIF")
    if b"crx " in brands:
        return Signature(FileKind.UNSUPPORTED, "Canon raw")
    return Signature(FileKind.OTHER, "a video or a sound")


def _text(head: bytes) -> Signature:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_page = text.startswith(b"<!doctype html") or b"<html" in text
    if b"<svg" in text and text.startswith((b"<svg", b"<?xml", b"<!")) and not is_page:
        return Signature(FileKind.UNSUPPORTED, "SVG")
    if is_page:
        return Signature(FileKind.OTHER, "a web page")
    if b"\0" not in head:
        try:
            head[:4092].decode("utf-8")
        except UnicodeDecodeError as error:
            # a character cut by the end of the sample is still text
            if error.start < min(len(head), 4092) - 4:
                return Signature(FileKind.OTHER, "unknown bytes")
        return Signature(FileKind.OTHER, "text")
    return Signature(FileKind.OTHER, "unknown bytes")
