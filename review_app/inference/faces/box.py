"""The box of a face, and arithmetic on boxes. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FINDER_VERSION: Final = "mtcnn-1"
"""The version of what is found: raised when networks, sizes or thresholds change it."""

Boxes = NDArray[np.float64]
"""Left, top, right and bottom in pixels, right and bottom excluded, [n, 4]."""
Scores = NDArray[np.float64]
"""Probabilities of a face, [n]."""


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A face, upright as the image is shown: the box in whole pixels, which lies in the image."""

    x: int
    y: int
    width: int
    height: int
    probability: float
    """The probability of a face by the last network: nothing of whether that is real."""
    image_size: tuple[int, int]
    """Width and height of the image."""

    @property
    def shares(self) -> tuple[float, float, float, float]:
        """Left, top, width and height as shares of the image's, 0 to 1."""
        across, down = self.image_size
        return self.x / across, self.y / down, self.width / across, self.height / down


def overlap(one: Boxes, others: Boxes, *, of_smaller: bool = False) -> Scores:
    """The shared area of ``one`` box [4] and each of ``others`` [n, 4], as a share of what both
    cover; ``of_smaller``: of the smaller one."""
    shared = np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])
    inside = shared.clip(min=0).prod(1)
    mine, theirs = (one[2:] - one[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(1)
    whole = np.minimum(mine, theirs) if of_smaller else mine + theirs - inside
    shares: Scores = np.divide(inside, whole, out=np.zeros_like(inside), where=whole > 0)
    return shares


def best_apart(
    boxes: Boxes, scores: Scores, most: float, *, of_smaller: bool = False
) -> NDArray[np.intp]:
    """The places of boxes that no better one overlaps by more than ``most``, best first: greedy
    non-maximum suppression. Of equal scores the first counts as the better one."""
    left = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(left):
        best, left = int(left[0]), left[1:]
        kept.append(best)
        left = left[overlap(boxes[best], boxes[left], of_smaller=of_smaller) <= most]
    return np.array(kept, dtype=np.intp)


def shifted(boxes: Boxes, edges: NDArray[np.float32]) -> Boxes:
    """Each edge moved by a share [n, 4] of the box's side."""
    sides = boxes[:, 2:] - boxes[:, :2]
    moved: Boxes = boxes + edges * np.hstack([sides, sides])
    return moved


def squared(boxes: Boxes) -> Boxes:
    """Squares about the same centres, with the longer side."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(1, keepdims=True) / 2
    return np.hstack([centres - half, centres + half])


def inside(boxes: Boxes, width: int, height: int) -> NDArray[np.int64]:
    """Whole pixels within an image; a box outside of it has none."""
    sides = np.array([width, height, width, height], dtype=np.float64)
    pixels: NDArray[np.int64] = np.floor(boxes.clip(0, sides)).astype(np.int64)
    return pixels
