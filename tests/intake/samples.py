"""Small real files of every kind, made on the spot."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from review_app.intake.decode import Limits

LIMITS = Limits(max_bytes=5_000_000, max_pixels=1_000_000)
SECRET = b"48.8583N 2.2945E"
"""Stands in every piece of metadata; no public copy may contain it."""


def picture(width: int = 48, height: int = 32, seed: int = 0) -> Image.Image:
    """A smooth colour picture without any symmetry, so that no two orientations look alike."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def encode(image: Image.Image, format_name: str, **options: Any) -> bytes:
    """``image`` as a file of that format."""
    out = BytesIO()
    image.save(out, format_name, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with an orientation, a secret description and a GPS position."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    tags[ExifTags.Base.ImageDescription] = SECRET.decode()
    tags[ExifTags.Base.Make] = "Camera works"
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 29.9)
    return tags


def icc() -> bytes:
    """A real RGB profile."""
    colour_space: Any = ImageCms.createProfile("sRGB")
    profile: Any = ImageCms.ImageCmsProfile(colour_space)
    return bytes(profile.tobytes())


def swapped_profile() -> bytes:
    """An RGB profile by which what is called red is green, and the other way round."""
    return icc().replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")


def png_text() -> PngImagePlugin.PngInfo:
    """Text chunks with the secret, compressed and not."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET.decode())
    text.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET.decode()}</x>")
    return text


def png_declaring(width: int, height: int, idat: bytes = b"") -> bytes:
    """A well-formed PNG header that claims ``width`` x ``height`` RGB pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = idat or zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    )
