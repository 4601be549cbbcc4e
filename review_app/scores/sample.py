"""The images that make an external detector's grid: a sample that can be merged with another.

Each image has a draw, a hash of its key. The sample keeps the lowest draws, so what it holds does
not depend on the order of rows, nor on how they were divided into files (bottom-k sampling, Cohen &
Kaplan, "Summarizing data using bottom-k sketches", PODC 2007).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from pydantic import BaseModel, ConfigDict

from review_app.scores.columns import RowColumns
from review_app.scores.threshold_grids import GRID_SHARE, GRID_SPLIT, LEARNED_SPLIT

SIZE = 2000
"""The most images: twenty thresholds a side then accept what they say to within
1.5 points, and labels of no more images than these are lost to calibration."""
_DIGITS = 16
_BELOW = np.uint64(GRID_SHARE * 16**_DIGITS)
"""Draws below are those of a random fifth."""


class Sampled(BaseModel):
    """One image of the sample, with its scores."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    draw: str
    """16 hexadecimal digits, of the image's key; uniform."""
    is_val: bool
    """Whether it is of split ``val``: where there are such images, no others make the threshold
    grid."""
    p_fake: float
    score: float
    std: float | None
    novelty: float | None


def draw_of(key: str) -> str:
    """The draw of the image with this key."""
    return _drawn(key).hex()


def _drawn(key: str) -> bytes:
    return blake2b(key.encode(), digest_size=_DIGITS // 2).digest()


class GridSample:
    """A sample that grows row by row and holds at most `SIZE` images. Each image must come once."""

    def __init__(self, images: Iterable[Sampled] = ()) -> None:
        self._heap: list[tuple[bool, int, Sampled]] = []
        for image in images:
            self._keep(image)

    def add(self, columns: RowColumns) -> None:
        """Consider rows: of split ``val``, or by its draw one of a random fifth of the others."""
        draws = [_drawn(key) for key in columns.keys]
        splits = np.array([split or "" for split in columns.split], np.str_)
        drawn = np.frombuffer(b"".join(draws), ">u8") < _BELOW
        considered = (splits == GRID_SPLIT) | (drawn & (splits != LEARNED_SPLIT))
        for at in np.flatnonzero(considered).tolist():
            is_val = columns.split[at] == GRID_SPLIT
            if self._has_room(is_val, int.from_bytes(draws[at], "big")):
                self._keep(
                    Sampled(
                        draw=draws[at].hex(),
                        is_val=is_val,
                        p_fake=columns.p_fake[at],
                        score=columns.score[at],
                        std=columns.std[at],
                        novelty=columns.novelty[at],
                    )
                )

    def images(self) -> tuple[Sampled, ...]:
        """Those of split ``val`` if there are any, else the others; by draw."""
        kept = [image for _, _, image in self._heap]
        any_val = any(image.is_val for image in kept)
        chosen = (image for image in kept if image.is_val == any_val)
        return tuple(sorted(chosen, key=lambda image: image.draw))

    def _has_room(self, is_val: bool, place: int) -> bool:
        """Whether an image at this place in the order of draws would be kept."""
        return len(self._heap) < SIZE or (is_val, -place) > self._heap[0][:2]

    def _keep(self, image: Sampled) -> None:
        place = int(image.draw, 16)
        entry = (image.is_val, -place, image)
        if len(self._heap) < SIZE:
            heapq.heappush(self._heap, entry)
        elif self._has_room(image.is_val, place):
            heapq.heapreplace(self._heap, entry)
