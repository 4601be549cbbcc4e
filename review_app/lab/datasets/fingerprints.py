"""Fingerprints of a file, without any detector: content, looks, size, format, JPEG quality, and
low-level statistics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from review_app.copies.descriptors import Descriptor, Words, describe
from review_app.copies.look import Look
from review_app.core.hashing import sha256
from review_app.core.progress import Progress
from review_app.lab.datasets.pixels import PixelStatistics, pixel_statistics
from review_app.manifests.manifest import ManifestRow

Decode = Callable[[bytes, str], Image.Image]
"""A function from a file's bytes and its name (for messages) to an upright image; it may raise."""

_ANNEX_K = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""Luminance quantisation of quality 50: ITU-T T.81 (1992), table K.1."""


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks that a picture is recognised by, and a way to look at it again."""

    descriptor: Descriptor
    hashes: Words
    """The `Look.hashes` of the picture."""
    again: Callable[[], Look | None]
    """A function that reads the file once more: a look is too large to be kept for every file. None
    where it cannot be read."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One readable image file."""

    sha256: str
    """The SHA-256 of the file's bytes, 64 hex digits."""
    width: int
    """Pixels across, upright."""
    height: int
    """Pixels down, upright."""
    size: int
    """Bytes of the file."""
    format: str
    """Pillow's name, with JPEG for MPO too."""
    jpeg_quality: int | None
    """1 to 100 as :func:`jpeg_quality` estimates it; None for other formats."""
    looks: Looks | None = field(default=None, compare=False, repr=False)
    """The looks of the upright picture; None where it is compared with nothing."""
    statistics: PixelStatistics | None = None
    """The low-level statistics of the upright picture; None where nobody asks for them."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """The outcome of one row: exactly one of ``found`` and ``failure`` is set."""

    row: ManifestRow
    found: Fingerprint | None
    failure: str | None = None


def decode_plainly(data: bytes, name: str) -> Image.Image:
    """The first frame, upright, RGB; for files of one's own, not for what strangers send."""
    with Image.open(BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def inspect_rows(
    rows: Sequence[ManifestRow],
    *,
    decode: Decode = decode_plainly,
    looks: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[Inspected]:
    """Read every file once, on ``workers`` threads (by default one a core), in order.

    Whatever goes wrong with a file is told as that row's failure. Without ``looks`` it is quicker,
    for what compares no pictures. ``progress`` counts files.
    """
    inspected: list[Inspected] = []
    with ThreadPoolExecutor(workers or os.cpu_count(), thread_name_prefix="inspect") as pool:
        for one in pool.map(lambda row: _inspect(row, decode, looks), rows):
            inspected.append(one)
            if progress:
                progress(len(inspected), len(rows))
    return inspected


def jpeg_quality(tables: Mapping[int, Iterable[int]]) -> int:
    """The IJG quality whose luminance table is nearest to table 0 of ``tables``.

    Exact for files that libjpeg wrote; for other encoders, the setting of libjpeg that quantises
    most alike (least sum of absolute differences).
    """
    table = np.fromiter(tables[0], dtype=np.int64)
    return int(np.abs(_ijg_tables() - table).sum(axis=1).argmin()) + 1


@cache
def _ijg_tables() -> NDArray[np.int64]:
    """Luminance tables of the qualities 1 to 100, [100, 64], as libjpeg's jcparam.c scales them."""
    quality = np.arange(1, 101)[:, None]
    scale = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    base = np.array(_ANNEX_K, dtype=np.int64).reshape(1, 64)
    tables: NDArray[np.int64] = np.clip((base * scale + 50) // 100, 1, 255)
    return tables


def _inspect(row: ManifestRow, decode: Decode, looks: bool) -> Inspected:
    try:
        data = row.path.read_bytes()
    except OSError as error:
        return Inspected(row, None, error.strerror or type(error).__name__)
    try:
        picture = decode(data, row.name)
        with Image.open(BytesIO(data)) as header:
            form = "JPEG" if header.format == "MPO" else header.format or "unknown"
            tables = getattr(header, "quantization", None)
    except Exception as error:  # decoders raise almost anything on damaged bytes
        return Inspected(row, None, " ".join(str(error).split())[:200] or type(error).__name__)
    quality = jpeg_quality(tables) if form == "JPEG" and tables and 0 in tables else None
    return Inspected(
        row,
        Fingerprint(
            sha256=sha256(data),
            width=picture.width,
            height=picture.height,
            size=len(data),
            format=form,
            jpeg_quality=quality,
            looks=_looks(picture, partial(_again, row, decode)) if looks else None,
            statistics=pixel_statistics(picture),
        ),
    )


def _looks(picture: Image.Image, again: Callable[[], Look | None]) -> Looks:
    return Looks(describe(picture), Look.of(picture).hashes, again)


def _again(row: ManifestRow, decode: Decode) -> Look | None:
    try:
        return Look.of(decode(row.path.read_bytes(), row.name))
    except Exception:  # as in `_inspect`: it was readable a moment ago
        return None
