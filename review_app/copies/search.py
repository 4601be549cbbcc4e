"""Finding what an image is a copy of, among very many: by hash first, then by the pixels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from review_app.copies.descriptors import (
    THUMB,
    Descriptor,
    Floats,
    Probe,
    Words,
    turned_back,
    unit,
)

SAME: Final = 0.95
"""Similarity from which two images count as copies of each other."""
ALIKE: Final = 0.85
"""The similarity from which on one may be a copy of the other that was edited more strongly."""
_BITS: Final = 10
"""Differing bits up to which pixels are compared."""
_CANDIDATES: Final = 2000
_FINALISTS: Final = 24
_MASK: Final = (1 << 64) - 1
_BLOCK: Final = 1 << 15
"""Hashes compared at a time: 256 KiB, so that the working set stays in the cache."""

Thumbs = Callable[[Sequence[int]], Sequence[bytes]]
"""The thumbnails of rows of the index, by the numbers they were added under."""


class Match(NamedTuple):
    """One stored image, and how much it resembles the one that was looked for."""

    image_id: int
    similarity: float
    """Correlation of the pixels at the best orientation and crop, at most 1."""


class CopyIndex:
    """Descriptors of stored images in memory, 24 bytes each; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hashes: Words = np.empty(1024, np.uint64)
        self._rows: NDArray[np.int64] = np.empty((1024, 2), np.int64)
        self._n = 0

    def __len__(self) -> int:
        return self._n

    def add(self, rows: Sequence[tuple[int, int, int]]) -> None:
        """Add ``(row number, image id, hash)`` each."""
        with self._lock:
            end = self._n + len(rows)
            while end > len(self._hashes):
                # New arrays: a search that is under way keeps its own.
                self._hashes = np.resize(self._hashes, 2 * len(self._hashes))
                self._rows = np.resize(self._rows, (2 * len(self._rows), 2))
            for at, (number, image_id, phash) in enumerate(rows, start=self._n):
                self._hashes[at] = phash & _MASK
                self._rows[at] = number, image_id
            self._n = end

    def search(self, probe: Probe, thumbs: Thumbs) -> list[Match]:
        """Images at least `ALIKE`, the most similar first."""
        with self._lock:
            hashes, rows = self._hashes[: self._n], self._rows[: self._n]
        best: dict[int, float] = {}
        for number, variants in enumerate(probe.hashes):
            at, turns = candidates(hashes, variants)
            stored = _pixels(thumbs(rows[at, 0].tolist()))
            for row, similarity in zip(at, _similar(probe, number, stored, turns), strict=True):
                image_id = int(rows[row, 1])
                best[image_id] = max(best.get(image_id, 0.0), float(similarity))
        found = [Match(image_id, value) for image_id, value in best.items() if value >= ALIKE]
        return sorted(found, key=lambda match: -match.similarity)


def similarity(probe: Probe, stored: Descriptor) -> float:
    """How much a stored image resembles the one that is looked for; 0 where the hashes differ."""
    hashes = np.array([stored.phash & _MASK], np.uint64)
    best = 0.0
    for number, variants in enumerate(probe.hashes):
        at, turns = candidates(hashes, variants)
        if len(at):
            found = _similar(probe, number, _pixels([stored.thumb]), turns)
            best = max(best, float(found[0]))
    return best


def candidates(
    hashes: Words, variants: Words, bits: int = _BITS, most: int = _CANDIDATES
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows within ``bits`` of any of ``variants`` [orientations, crops], the ``most`` nearest
    first, and the orientation of each."""
    near, distances, turns = [], [], []
    for start in range(0, len(hashes), _BLOCK):
        least = _least(hashes[start : start + _BLOCK], variants)
        turn = least.argmin(0)
        distance = least.min(0)
        at = np.flatnonzero(distance <= bits)
        near.append(at + start)
        distances.append(distance[at])
        turns.append(turn[at])
    if not near:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    order = np.argsort(np.concatenate(distances), kind="stable")[:most]
    return np.concatenate(near)[order], np.concatenate(turns)[order]


def _least(block: Words, variants: Words) -> NDArray[np.uint8]:
    """Bits by which each hash differs from the nearest variant, by orientation: [8, hashes]."""
    least = np.full((len(variants), len(block)), 64, np.uint8)
    differing = np.empty_like(block)
    bits = np.empty(len(block), np.uint8)
    for row, of_orientation in zip(least, variants, strict=True):
        for variant in of_orientation:
            np.bitwise_xor(block, variant, out=differing)
            np.bitwise_count(differing, out=bits)
            np.minimum(row, bits, out=row)
    return least


def _similar(
    probe: Probe, number: int, stored: Floats, turns: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Similarity of each of ``stored`` [n, THUMB, THUMB] in its orientation: for the finalists at
    the best of all crops, for the others at the best of few."""
    if not len(stored):
        return np.empty(0, np.float32)
    # The stored image is turned as the region is: that is once, and there are many crops.
    upright = [turned_back(one, int(turn)) for one, turn in zip(stored, turns, strict=True)]
    vectors = unit(np.stack(upright))
    found: NDArray[np.float32] = (vectors @ probe.windows(number, fine=False).T).max(1)
    last = np.argsort(-found)[:_FINALISTS]
    fine = (vectors[last] @ probe.windows(number, fine=True).T).max(1)
    found[last] = np.maximum(found[last], fine)
    return found


def _pixels(thumbs: Sequence[bytes]) -> Floats:
    joined = np.frombuffer(b"".join(thumbs), np.uint8)
    return joined.reshape(-1, THUMB, THUMB).astype(np.float32)
