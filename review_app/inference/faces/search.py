"""The cascade's search over one image, from many coarse proposals to few boxes.

Everything runs on one image and one thread, so that the same image gives the same boxes whatever
else the machine does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from review_app.inference.faces.box import (
    Boxes,
    Scores,
    best_apart,
    inside,
    shifted,
    squared,
)
from review_app.inference.faces.networks import Cascade, FaceNetwork

_CELL: Final = 12
"""Pixels of a proposal's side, and of its step, in the scaled image."""
_STEP: Final = 2
_SCALE: Final = 0.709
"""The ratio of one size of the pyramid to the one before: half the area."""
_LEAST: Final = (0.6, 0.7, 0.7)
"""The least probability that each network lets through; these and the overlaps are the paper's
authors' own."""
_MOST_OF_A_SIZE: Final = 1000
_MOST: Final = 100
"""Proposals that go on, the likeliest: an image that is all faces costs no more."""


class Proposals(NamedTuple):
    """Boxes [n, 4], their probabilities [n], and how far their edges are off in shares [n, 4]."""

    boxes: Boxes
    scores: Scores
    edges: NDArray[np.float32]

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Proposals:
        """Those at ``which`` places."""
        return Proposals(self.boxes[which], self.scores[which], self.edges[which])

    def apart(self, most: float, limit: int) -> Proposals:
        """The likeliest ``limit`` that no likelier one overlaps by more than ``most``."""
        return self.take(best_apart(self.boxes, self.scores, most)[:limit])

    def shifted(self) -> Boxes:
        """The boxes with their edges put right."""
        return shifted(self.boxes, self.edges)


_NONE: Final = Proposals(np.empty((0, 4)), np.empty(0), np.empty((0, 4), np.float32))


def search(cascade: Cascade, rgb: Image.Image, smallest: int) -> tuple[Boxes, Scores]:
    """The boxes [n, 4] and probabilities [n] of the faces of an RGB image that are at least
    ``smallest`` pixels wide, likeliest first."""
    with torch.inference_mode():
        found = _proposals(cascade.propose, rgb, smallest)
        found = _looked_at(cascade.refine, rgb, found, 24, _LEAST[1])
        found = found.apart(0.7, _MOST)
        found = _looked_at(cascade.confirm, rgb, found, 48, _LEAST[2])
    boxes = found.shifted()
    kept = best_apart(boxes, found.scores, 0.7, of_smaller=True)
    return boxes[kept], found.scores[kept]


def scales(width: int, height: int, smallest: int) -> list[float]:
    """The scales of the pyramid, from where a face of ``smallest`` pixels fills a cell to where the
    image does."""
    found = []
    scale = _CELL / smallest
    while min(width, height) * scale >= _CELL:
        found.append(scale)
        scale *= _SCALE
    return found


def cells(places: NDArray[np.int64], scale: float) -> Boxes:
    """The boxes in the image of cells [n, 2] (row, column) of a map at ``scale``."""
    corners = places[:, ::-1] * float(_STEP)
    return np.hstack([corners, corners + _CELL]) / scale


def _proposals(network: FaceNetwork, rgb: Image.Image, smallest: int) -> Proposals:
    sizes = scales(*rgb.size, smallest)
    found = [_NONE, *(_proposals_at(network, rgb, scale) for scale in sizes)]
    every = Proposals(*(np.concatenate(parts) for parts in zip(*found, strict=True)))
    return every.apart(0.7, _MOST)


def _proposals_at(network: FaceNetwork, rgb: Image.Image, scale: float) -> Proposals:
    size = (int(rgb.width * scale + 1), int(rgb.height * scale + 1))
    probability, edges = (ends[0].numpy() for ends in network(_pixels([_part(rgb, size)])))
    rows, columns = np.nonzero(probability >= _LEAST[0])
    scores = probability[rows, columns].astype(np.float64)
    boxes = cells(np.stack([rows, columns], 1), scale)
    found = Proposals(boxes, scores, edges[:, rows, columns].T)
    likeliest = np.argsort(-scores, kind="stable")[:_MOST_OF_A_SIZE]
    return found.take(likeliest).apart(0.5, _MOST_OF_A_SIZE)


def _looked_at(
    network: FaceNetwork, rgb: Image.Image, found: Proposals, side: int, least: float
) -> Proposals:
    """What ``network``, which sees patches of ``side`` pixels, makes of the squares about what was
    ``found``."""
    boxes = squared(found.shifted())
    seen = inside(boxes, *rgb.size)
    in_sight = (seen[:, 2:] > seen[:, :2]).all(1)
    if not in_sight.any():
        return _NONE
    patches = [
        _part(rgb, (side, side), (left, top, right, bottom))
        for left, top, right, bottom in seen[in_sight].tolist()
    ]
    probability, edges = network(_pixels(patches))
    scores = probability.numpy().astype(np.float64)
    return Proposals(boxes[in_sight], scores, edges.numpy()).take(scores > least)


def _part(
    rgb: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int] | None = None
) -> NDArray[np.uint8]:
    """The part within ``box``, or all, scaled to ``size``: each new pixel is the mean of those it
    covers. uint8 [h, w, 3]."""
    return np.asarray(rgb.resize(size, Image.Resampling.BOX, box=box))


def _pixels(patches: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
    """Patches of one size as the networks want them, float32 [n, 3, h, w] in channels-last."""
    return (torch.from_numpy(np.stack(patches)).permute(0, 3, 1, 2).float() - 127.5) / 128
