"""Descriptors are kept of stored images, and probes are looked for on behalf of others.

Of a stored image the middle is kept: a hash of 64 bits and 32 by 32 pixels. Whoever crops a few per
cent off any side leaves the middle whole, so a copy is found by looking for it where those crops
would put it, in each of the eight orientations. All the variants are on the side of the one that
asks; so a stored image costs eight bytes of memory and one comparison for each variant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.copies.regions import SIDE, Grey, regions, whole

THUMB: Final = 32
"""Pixels of each side of the middle, as it is kept."""
_MARGIN: Final = 0.1
"""Share that the middle leaves out at each side."""
_LOW: Final = 8
"""Frequencies each way in the hash, as in pHash (C. Zauner, 2010)."""
_COARSE: Final = (0.0, 0.04, 0.08)
"""Shares that may have been cropped off a side: the hash tells the middle from 2 % beside it."""
_FINE: Final = (-0.02, 0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
_FLAT: Final = 2.0
"""Grey levels: an image that varies less has nothing to be known by."""

Floats = NDArray[np.float32]
Words = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Descriptor:
    """The descriptor that is kept of a stored image."""

    phash: int
    """The hash of the middle, as a signed integer of 64 bits."""
    thumb: bytes
    """The middle, `THUMB` by `THUMB` grey levels, row by row."""


def describe(image: Image.Image) -> Descriptor:
    """What is kept of ``image``."""
    middle = MIDDLE @ whole(image).astype(np.float32) @ MIDDLE.T
    value = int(hash_bits(_DCT @ middle @ _DCT.T).view(np.int64))
    return Descriptor(value, np.rint(middle).clip(0, 255).astype(np.uint8).tobytes())


class Probe:
    """An image that is looked for: its regions, each in every orientation and crop."""

    def __init__(self, found: list[Grey]) -> None:
        self.regions = found

    @classmethod
    def of(cls, image: Image.Image) -> Probe:
        """The probe of ``image``."""
        return cls(regions(image))

    @classmethod
    def from_bytes(cls, data: bytes) -> Probe:
        """The inverse of `to_bytes`."""
        return cls(list(np.frombuffer(data, np.uint8).reshape(-1, SIDE, SIDE)))

    def to_bytes(self) -> bytes:
        """The regions as bytes, 4 KiB each."""
        return b"".join(region.tobytes() for region in self.regions)

    @cached_property
    def hashes(self) -> list[Words]:
        """Hashes of where the middle may be, by region: [8 orientations, crops]."""
        return [_variants(region.astype(np.float32)) for region in self.regions]

    def windows(self, number: int, *, fine: bool) -> Floats:
        """The places where the middle may be in a region, upright: unit vectors [crops, THUMB *
        THUMB]."""
        region = self.regions[number].astype(np.float32)
        samplers = _FINE_SAMPLERS if fine else _COARSE_SAMPLERS
        return middles(region, samplers)


def middles(region: Floats, samplers: Floats) -> Floats:
    """The middle of ``region`` [SIDE, SIDE] after each pair of crops of rows and of columns that
    ``samplers`` [n, THUMB, SIDE] stand for: unit vectors [n * n, THUMB * THUMB]."""
    cut = np.einsum("iay,jby->ijab", samplers @ region, samplers, optimize=True)
    return unit(cut.reshape(-1, THUMB, THUMB))


def middle_hashes(region: Floats, samplers: Floats) -> Words:
    """Hashes of the same middles, [n * n]."""
    return hash_bits(_frequencies(region, samplers))


def unit(images: Floats) -> Floats:
    """``images`` [n, rows, columns] as vectors of length 1 and mean 0, [n, rows * columns]; flat
    ones as zeros."""
    flat = images.reshape(len(images), -1)
    flat = flat - flat.mean(1, keepdims=True)
    length = np.sqrt((flat**2).sum(1, keepdims=True))
    known = length > _FLAT * THUMB
    vectors: Floats = np.where(known, flat / np.where(known, length, 1), 0).astype(np.float32)
    return vectors


def turned(images: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
    """``images`` [..., rows, columns] in one of eight orientations; see `hash_bits`."""
    if orientation & 4:
        images = np.swapaxes(images, -1, -2)
    if orientation & 2:
        images = images[..., ::-1, :]
    return images[..., ::-1] if orientation & 1 else images


def turned_back(images: NDArray[np.float32], orientation: int) -> NDArray[np.float32]:
    """The inverse of `turned`."""
    if orientation & 1:
        images = images[..., ::-1]
    if orientation & 2:
        images = images[..., ::-1, :]
    if orientation & 4:
        images = np.swapaxes(images, -1, -2)
    return images


def hash_bits(frequencies: Floats) -> Words:
    """Which of the low ``frequencies`` [..., 8, 8] are above their median; the mean counts not."""
    values = frequencies.reshape(*frequencies.shape[:-2], _LOW * _LOW)
    above = values > np.median(values[..., 1:], axis=-1, keepdims=True)
    above[..., 0] = False
    packed: Words = np.packbits(above, axis=-1).view(np.uint64)[..., 0]
    return packed


def _variants(region: Floats) -> Words:
    frequencies = _frequencies(region, _COARSE_SAMPLERS)
    # Mirroring an image changes the signs of its odd frequencies; transposing transposes them.
    signs = np.where(np.arange(_LOW) % 2, -1, 1).astype(np.float32)
    every = []
    for orientation in range(8):
        one = np.swapaxes(frequencies, -1, -2) if orientation & 4 else frequencies
        one = one * signs[:, None] if orientation & 2 else one
        every.append(one * signs if orientation & 1 else one)
    return hash_bits(np.stack(every))


def _frequencies(region: Floats, samplers: Floats) -> Floats:
    """The low frequencies of its middles, [n * n, _LOW, _LOW]."""
    n = len(samplers)
    cuts = (_DCT @ samplers).reshape(-1, SIDE)
    found: Floats = (cuts @ region @ cuts.T).reshape(n, _LOW, n, _LOW).transpose(0, 2, 1, 3)
    return found.reshape(-1, _LOW, _LOW)


def _sampler(start: float, end: float) -> Floats:
    """Means of `THUMB` equal parts of a row between two shares of it: [THUMB, SIDE]."""
    edges = np.linspace(start, end, THUMB + 1) * SIDE
    pixels = np.arange(SIDE)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights: Floats = np.clip(overlap, 0, None).astype(np.float32)
    weights /= weights.sum(1, keepdims=True)
    return weights


def samplers_after(pairs: Iterable[tuple[float, float]]) -> Floats:
    """The places of the middle after each pair of crops, the shares cut off either end (below 0
    where it is the stored image that was cropped): [pairs, THUMB, SIDE]."""
    return np.stack(
        [_sampler((_MARGIN - a) / (1 - a - b), (1 - _MARGIN - a) / (1 - a - b)) for a, b in pairs]
    )


def _cosines(frequencies: int, places: int) -> Floats:
    """The lowest rows of the orthonormal discrete cosine transform (type II), as a matrix."""
    k, n = np.arange(frequencies)[:, None], np.arange(places)
    waves = np.sqrt(2 / places) * np.cos(np.pi * (2 * n + 1) * k / (2 * places))
    waves[0] = np.sqrt(1 / places)
    found: Floats = waves.astype(np.float32)
    return found


_DCT: Final[Floats] = _cosines(_LOW, THUMB)
MIDDLE: Final = _sampler(_MARGIN, 1 - _MARGIN)
"""What of the rows or columns of an image its middle is: [THUMB, SIDE]."""
_COARSE_SAMPLERS: Final = samplers_after(product(_COARSE, _COARSE))
_FINE_SAMPLERS: Final = samplers_after(product(_FINE, _FINE))
