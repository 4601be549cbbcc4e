"""TIFF beside Pillow: what its directories say, and samples that Pillow reads wrong or not at all.

Pillow decodes 8 bits and less. Deeper samples (16, 32, 64 bits, floats) are read here where they
are stored plainly or deflated; every length is checked before memory is taken.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Directory: TypeAlias = "Mapping[int, tuple[int, ...]]"
"""Tag → values; only tags of whole numbers."""

NEW_SUBFILE, SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = (
    *(254, 255, 256, 257, 258, 259, 262),
)
FILL_ORDER, STRIPS, ORIENTATION, SAMPLES, ROWS, STRIP_BYTES = 266, 273, 274, 277, 278, 279
MAX_VALUE, PLANAR, PREDICTOR = 281, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 322, 323, 324, 325
SUB_DIRECTORIES, EXTRA_SAMPLES, SAMPLE_FORMAT = 330, 338, 339

COMPRESSIONS: Final = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000})
"""What is decoded: none, fax, LZW, JPEG, deflate, PackBits, LZMA, Zstandard."""
_OURS: Final = frozenset({1, 8, 32946})
_RAW_TAGS: Final = frozenset({50706, 33421, 33422})
"""DNGVersion, CFARepeatPatternDim, CFAPattern."""
_RAW_PHOTOMETRIC: Final = frozenset({32803, 34892})
"""Colour filter array, linear raw."""
_TYPES: Final = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
_MAX_ENTRIES: Final = 20_000
"""The most entries of all directories together that are looked at."""
_MAX_VALUES: Final = 1 << 20
_KINDS: Final = {1: "u", 2: "i", 3: "f"}
GREY, INVERTED, RGB = (1, 0, 2)


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout in which the samples of one picture are stored."""

    width: int
    height: int
    samples: int
    """The number of samples of a pixel."""
    bits: int
    """The bits of a sample; 0 where they differ."""
    kind: str
    """``u`` (unsigned), ``i`` (signed), ``f`` (floats), or ``?``."""
    photometric: int
    """0: zero is white, 1: zero is black, 2: RGB, and others."""
    compression: int
    planar: bool
    """Each sample in a plane of its own."""

    @property
    def deep(self) -> bool:
        """Whether samples have more than 8 bits."""
        return self.bits not in (0, 1, 2, 4, 8) or self.kind == "f"

    @property
    def n_bytes(self) -> int:
        """The bytes of all samples, unpacked."""
        return self.width * self.height * self.samples * max(1, self.bits // 8)


def directories(data: bytes) -> list[Directory]:
    """The directories of the file, in order, each followed by those it points to; as many as can
    be followed. The first one is what is shown."""
    return [directory for directory, _ in _walk(data)]


def pages(data: bytes) -> int:
    """How many pictures the file has, smaller versions of others and masks left out."""
    smaller = 0b101
    return sum(
        is_page and not _one(directory, NEW_SUBFILE, 0) & smaller
        for directory, is_page in _walk(data)
    )


def layout(directory: Directory) -> Layout:
    """How the picture of ``directory`` is stored; absent tags have the defaults of TIFF 6.0."""
    bits, kinds = directory.get(BITS, (1,)), directory.get(SAMPLE_FORMAT, (1,))
    return Layout(
        width=_one(directory, WIDTH, 0),
        height=_one(directory, HEIGHT, 0),
        samples=_one(directory, SAMPLES, 1),
        bits=bits[0] if len(set(bits)) == 1 else 0,
        kind=_KINDS.get(kinds[0], "?") if len(set(kinds)) == 1 else "?",
        photometric=_one(directory, PHOTOMETRIC, INVERTED),  # as others read files without it
        compression=_one(directory, COMPRESSION, 1),
        planar=_one(directory, PLANAR, 1) == 2,
    )


def pixels(directory: Directory) -> int:
    """How many the picture has."""
    return _one(directory, WIDTH, 0) * _one(directory, HEIGHT, 0)


def is_raw(directory: Directory) -> bool:
    """Whether a camera's sensor data is here, or its file."""
    return bool(_RAW_TAGS & directory.keys()) or (
        _one(directory, PHOTOMETRIC, GREY) in _RAW_PHOTOMETRIC
    )


def is_preview(directory: Directory) -> bool:
    """Whether the picture says that it is a smaller version of another one."""
    return bool(_one(directory, NEW_SUBFILE, 0) & 1) or _one(directory, SUBFILE, 1) == 2


def is_common(found: Layout) -> bool:
    """Whether Pillow or `read_samples` knows the kind of samples."""
    if found.deep:
        return _is_plain(found)
    return found.kind == "u" and found.photometric in range(9) and found.samples <= 4


def is_readable(directory: Directory) -> bool:
    """Whether `read_samples` can read the picture."""
    found = layout(directory)
    predictor = _one(directory, PREDICTOR, 1)
    return (
        _is_plain(found)
        and found.compression in _OURS
        and _one(directory, FILL_ORDER, 1) == 1
        and (predictor == 1 or (predictor == 2 and found.kind != "f"))
    )


def _is_plain(found: Layout) -> bool:
    whole = (found.bits in (16, 32, 64) and found.kind in "uif") or (
        found.bits == 8 and found.kind == "u"
    )
    colours = 3 if found.photometric == RGB else 1
    return (
        whole
        and found.photometric in (INVERTED, GREY, RGB)
        and colours <= found.samples <= colours + 1
    )


def read_samples(data: bytes, directory: Directory) -> NDArray[np.generic]:
    """The samples [height, width, samples] of a picture that `is_readable`.

    Raises:
        ValueError: the file ends before its samples do.
    """
    found = layout(directory)
    kind = np.dtype(f"{_order(data)}{found.kind}{found.bits // 8}")
    planes, per = (found.samples, 1) if found.planar else (1, found.samples)
    out = np.zeros((planes, found.height, found.width, per), kind.newbyteorder("="))
    for plane, top, left, segment in _segments(data, directory, found, kind, per):
        rows, columns = found.height - top, found.width - left
        part = segment[:rows, :columns]
        out[plane, top : top + part.shape[0], left : left + part.shape[1]] = part
    return np.moveaxis(out, 0, 2).reshape(found.height, found.width, found.samples)


def _segments(
    data: bytes, directory: Directory, found: Layout, kind: np.dtype[np.generic], per: int
) -> Iterator[tuple[int, int, int, NDArray[np.generic]]]:
    """Each strip or tile: its plane, first row and column, and samples [rows, columns, per]."""
    tiled = TILES in directory
    width = _one(directory, TILE_WIDTH, 0) if tiled else found.width
    rows = _one(directory, TILE_HEIGHT if tiled else ROWS, found.height)
    height = rows if tiled else min(rows, found.height)
    if min(width, height) < 1 or width * height > 4 * max(1, found.width * found.height) + 2**20:
        raise ValueError("strips or tiles of a size that cannot be")
    across, down = -(-found.width // width), -(-found.height // height)
    places = directory.get(TILES if tiled else STRIPS, ())
    lengths = directory.get(TILE_BYTES if tiled else STRIP_BYTES, ())
    planes = found.samples if found.planar else 1
    if len(places) < across * down * planes:
        raise ValueError("fewer strips or tiles than the picture needs")
    for at in range(across * down * planes):
        plane, place = divmod(at, across * down)
        top, left = height * (place // across), width * (place % across)
        n_rows = height if tiled else min(height, found.height - top)
        wanted = n_rows * width * per * kind.itemsize
        start = places[at]
        if start < 8:
            raise ValueError("a strip or tile that lies nowhere")
        end = start + lengths[at] if at < len(lengths) else None
        raw = _unpacked(data[start:end], wanted, found.compression)
        values = np.frombuffer(raw, kind, n_rows * width * per).reshape(n_rows, width, per)
        if _one(directory, PREDICTOR, 1) == 2:
            values = np.cumsum(values, axis=1, dtype=kind.newbyteorder("="))
        yield plane, top, left, values


def _unpacked(raw: bytes, wanted: int, compression: int) -> bytes:
    if compression != 1:
        try:
            raw = zlib.decompressobj().decompress(raw, wanted)
        except zlib.error as error:
            raise ValueError(str(error)) from error
    if len(raw) < wanted:
        raise ValueError(f"{wanted - len(raw)} bytes of a strip or tile are missing")
    return raw


def _walk(data: bytes) -> Iterator[tuple[Directory, bool]]:
    """Each directory, and whether it is one of the file's own chain."""
    order, big = _order(data), 43 in (data[2], data[3])
    start = _number(data, 8 if big else 4, 8 if big else 4, order)
    waiting, seen, entries = [(start, True)], set[int](), 0
    while waiting and entries < _MAX_ENTRIES:
        at, is_page = waiting.pop(0)
        if at in seen or not 8 <= at < len(data):
            continue
        seen.add(at)
        found, following = _directory(data, at, order, big)
        entries += 1 + len(found)
        inner = [(place, False) for place in found.get(SUB_DIRECTORIES, ())[:64]]
        waiting = [*inner, *waiting, (following, is_page)]
        yield found, is_page


def _directory(data: bytes, at: int, order: str, big: bool) -> tuple[Directory, int]:
    """The directory at ``at``, and where the next one is (0 for none)."""
    counted, size = (8, 20) if big else (2, 12)
    n = min(_number(data, at, counted, order), 1024)
    at += counted
    found: dict[int, tuple[int, ...]] = {}
    for entry in range(at, at + n * size, size):
        values = _values(data, entry, order, big)
        if values:
            found.setdefault(_number(data, entry, 2, order), values)
    return found, _number(data, at + n * size, 8 if big else 4, order)


def _values(data: bytes, entry: int, order: str, big: bool) -> tuple[int, ...]:
    """The whole numbers of one entry; none for other types, or where the file ends."""
    kind = _TYPES.get(_number(data, entry + 2, 2, order))
    count = _number(data, entry + 4, 8 if big else 4, order)
    if kind is None or not 1 <= count <= _MAX_VALUES:
        return ()
    place, room = (entry + 12, 8) if big else (entry + 8, 4)
    dtype = np.dtype(f"{order}{kind}")
    if count * dtype.itemsize > room:
        place = _number(data, place, room, order)
    if place + count * dtype.itemsize > len(data):
        return ()
    return tuple(int(value) for value in np.frombuffer(data, dtype, count, place))


def _number(data: bytes, at: int, size: int, order: str) -> int:
    return int.from_bytes(data[at : at + size], "little" if order == "<" else "big")


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"


def _one(directory: Directory, tag: int, default: int) -> int:
    values = directory.get(tag)
    return values[0] if values else default
