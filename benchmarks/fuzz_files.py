"""Files of every kind that intake meets, made on the spot, and ways to damage them."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tifffile
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from review_app.intake.decode import HEIF_AVAILABLE

SIDES = (48, 36)
"""Width and height: no side is a whole number of blocks of 32."""
Random = np.random.Generator


def bases() -> dict[str, bytes]:
    """A whole file for each name, ``kind.extension``."""
    return dict([*_photos(), *_tiffs(), *_others(), *_archives(), *_tables()])


def mutated(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    """``data`` with up to three kinds of damage, each at random places; some stay whole."""
    for _ in range(int(rng.integers(0, 4))):
        damage = _DAMAGE[int(rng.integers(len(_DAMAGE)))]
        data = damage(rng, data, others)
    return data


def picture(seed: int = 0, size: tuple[int, int] = SIDES) -> Image.Image:
    """A smooth picture in colours, without any symmetry."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def _encoded(image: Image.Image, format_name: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format_name, **options)
    return out.getvalue()


def _photos() -> Iterator[tuple[str, bytes]]:
    image, more = picture(), [picture(seed) for seed in (1, 2)]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"UNICODE\0" + (
        "a cat\nSteps: 20, Sampler: Euler, Seed: 1".encode("utf-16-be")
    )
    profile: Any = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    timeless = profile.tobytes()[:24] + bytes(12) + profile.tobytes()[36:]  # ICC.1, 7.2.8
    rich = {"exif": exif, "icc_profile": timeless}
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><r tiff:Orientation='6'/></x:xmpmeta>"
    text = PngImagePlugin.PngInfo()
    text.add_text("workflow", json.dumps({"nodes": list(range(200))}), zip=True)
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    deep = Image.fromarray((np.asarray(image.convert("L")).astype(np.uint16)) * 257)
    animated = {"save_all": True, "append_images": more}
    yield "plain.jpg", _encoded(image, "JPEG")
    yield "rich.jpg", _encoded(image, "JPEG", xmp=xmp, comment=b"hello", **rich)
    yield "progressive.jpg", _encoded(image, "JPEG", progressive=True, quality=90)
    yield "restarts.jpg", _encoded(image, "JPEG", subsampling=0, restart_marker_blocks=2)
    yield "grey.jpg", _encoded(image.convert("L"), "JPEG")
    yield "cmyk.jpg", _encoded(image.convert("CMYK"), "JPEG")
    yield "endless.jpg", _encoded(image, "JPEG")[:-2]
    yield "several.jpg", _encoded(image, "MPO", **animated)
    yield "rgb.png", _encoded(image, "PNG", pnginfo=text, **rich)
    yield "alpha.png", _encoded(_transparent(image), "PNG")
    yield "palette.png", _encoded(image.quantize(32), "PNG", transparency=3)
    yield "deep.png", _encoded(deep, "PNG")
    yield "bits.png", _encoded(image.convert("1"), "PNG")
    yield "animated.png", _encoded(image, "PNG", **animated)
    yield "lossy.webp", _encoded(image, "WEBP", xmp=xmp, **rich)
    yield "lossless.webp", _encoded(_transparent(image), "WEBP", lossless=True)
    yield "animated.webp", _encoded(image, "WEBP", **animated)
    yield "photo.avif", _encoded(image, "AVIF", exif=exif)
    yield "alpha.avif", _encoded(_transparent(image), "AVIF")
    if HEIF_AVAILABLE:
        yield "photo.heic", _encoded(image, "HEIF", exif=exif)
    yield "still.gif", _encoded(image, "GIF")
    yield "animated.gif", _encoded(image, "GIF", **animated)
    yield "rgb.bmp", _encoded(image, "BMP")
    yield "grey.bmp", _encoded(image.convert("L"), "BMP")
    yield "bits.bmp", _encoded(image.convert("1"), "BMP")


def _transparent(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def _tiffs() -> Iterator[tuple[str, bytes]]:
    image = picture()
    grey, colours = np.asarray(image.convert("L")) / 255, np.asarray(image) / 255
    for name, kind, white in (
        *(("u1", "u1", 255), ("u2", "u2", 65535), ("u2-12", "u2", 4095), ("u4", "u4", 2**32 - 1)),
        *(("i2", "i2", 2**15 - 1), ("f2", "f2", 1), ("f4", "f4", 1), ("f8", "f8", 255)),
    ):
        for order, sign in (("<", "le"), (">", "be")):
            values = (grey * white).astype(kind)
            yield f"grey-{name}-{sign}.tif", _tiff(values, byteorder=order)
            yield (
                f"white0-{name}-{sign}.tif",
                _tiff(values, byteorder=order, photometric="miniswhite"),
            )
        stored = (colours * white).astype(kind)
        yield f"rgb-{name}.tif", _tiff(stored, photometric="rgb", compression="zlib")
        planes = np.moveaxis(stored, -1, 0)
        yield f"planes-{name}.tif", _tiff(planes, photometric="rgb", planarconfig="separate")
    yield "tiles.tif", _tiff((grey * 65535).astype("u2"), tile=(16, 16), bigtiff=True)
    for name, packing in (("lzw", "tiff_lzw"), ("packbits", "packbits"), ("jpeg", "jpeg")):
        yield f"{name}.tif", _encoded(image, "TIFF", compression=packing)
    yield "fax.tif", _encoded(image.convert("1"), "TIFF", compression="group4")
    yield "cmyk.tif", _encoded(image.convert("CMYK"), "TIFF")
    yield "palette.tif", _encoded(image.quantize(64), "TIFF")
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as writer:
        writer.write(np.asarray(image), photometric="rgb", subfiletype=1, subifds=1)
        writer.write((grey * 4095).astype("u2"), photometric="cfa", subfiletype=0)
    yield "raw.nef", out.getvalue()


def _tiff(values: np.ndarray[Any, Any], **options: Any) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, values, **{"photometric": "minisblack", **options})
    return out.getvalue()


def _others() -> Iterator[tuple[str, bytes]]:
    image = picture()
    for name in ("TGA", "PPM", "ICO", "JPEG2000", "SGI"):
        yield f"other.{name.lower()}", _encoded(image, name)
    yield "paper.pdf", b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>"
    yield "drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0L9 9'/></svg>"
    yield "film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(200)
    yield "noise.bin", np.random.default_rng(5).bytes(2000)


def _archives() -> Iterator[tuple[str, bytes]]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(3):
            archive.writestr(_member(f"set/images/{n}.png"), _encoded(picture(n), "PNG"))
        rows = "path,label\nimages/0.png,real\nimages/1.png,fake\n"
        archive.writestr(_member("set/manifest.csv"), rows)
    yield "set.zip", out.getvalue()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("a.jpg"), io.BytesIO())
    yield "set.tar", out.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    """An entry of no particular time, deflated."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _tables() -> Iterator[tuple[str, bytes]]:
    rows = [("a.jpg", "real", "camera"), ("b.jpg", "fake", "studio"), ("c.jpg", "", "web")]
    for name, sign in (("comma.csv", ","), ("semicolon.csv", ";"), ("tab.tsv", "\t")):
        lines = [sign.join(row) for row in (("path", "label", "source"), *rows)]
        yield name, "\r\n".join(lines).encode()
    yield "excel.csv", "path\tlabel\r\na.jpg\treal\r\n".encode("utf-16")
    objects = [dict(zip(("path", "label"), row, strict=False)) for row in rows]
    yield "lines.jsonl", "\n".join(map(json.dumps, objects)).encode()
    scores = "path,detector,p_fake,label\n" + "".join(f"{n}.jpg,d,0.{n},real\n" for n in range(9))
    yield "scores.csv", scores.encode()


def _flip(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        found[int(rng.integers(len(found)))] = int(rng.integers(256))
    return bytes(found)


def _head(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    """Damage where formats keep sizes, kinds and places."""
    found = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        found[int(rng.integers(min(len(found), 200)))] = int(rng.choice([0, 1, 2, 127, 128, 255]))
    return bytes(found)


def _number(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    """A number of two or four bytes that is as large, or as small, as one can be."""
    form = str(rng.choice(["<H", ">H", "<I", ">I"]))
    size = struct.calcsize(form)
    at = int(rng.integers(max(1, len(data) - size)))
    value = int(rng.choice([0, 1, 2**15, 2 ** (8 * size) - 1]))
    return data[:at] + struct.pack(form, value % 2 ** (8 * size)) + data[at + size :]


def _cut(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    return data[: int(rng.integers(1, len(data) + 1))]


def _gap(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    at = int(rng.integers(len(data)))
    return (data[:at] + data[at + int(rng.integers(1, 64)) :]) or b"\0"


def _twice(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    start = int(rng.integers(len(data)))
    end = min(len(data), start + int(rng.integers(1, 400)))
    return data[:end] + data[start:end] + data[end:]


def _splice(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    """The beginning of one file, and the end of another."""
    other = others[int(rng.integers(len(others)))]
    at, from_ = int(rng.integers(1, len(data) + 1)), int(rng.integers(len(other)))
    return data[:at] + other[from_:]


def _zeros(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    at = int(rng.integers(len(data)))
    n = min(len(data) - at, int(rng.integers(1, 100)))
    return data[:at] + bytes(n) + data[at + n :]


def _mended(rng: Random, data: bytes, others: list[bytes]) -> bytes:
    """Flips inside the chunks of a PNG, whose sums are put right: the damage gets past them."""
    found, at = bytearray(_flip(rng, data, others)), 8
    if not data.startswith(b"\x89PNG"):
        return bytes(found)
    while at + 12 <= len(found):
        end = at + 8 + int.from_bytes(found[at : at + 4], "big")
        if end + 4 > len(found):
            break
        found[end : end + 4] = zlib.crc32(bytes(found[at + 4 : end])).to_bytes(4, "big")
        at = end + 4
    return bytes(found)


_DAMAGE: tuple[Callable[[Random, bytes, list[bytes]], bytes], ...] = (
    *(_flip, _head, _number, _cut, _gap, _twice, _splice, _zeros, _mended),
)
