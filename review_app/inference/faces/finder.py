"""What finds faces. Importing this is light; torch and the weights load with the first image."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image

from review_app.inference.backbones.preprocess import to_rgb
from review_app.inference.faces.box import Boxes, FaceBox, Scores, inside

if TYPE_CHECKING:
    from review_app.inference.faces.networks import Cascade

_logger = logging.getLogger(__name__)
LONGEST: Final = 384
"""A longer side is scaled down to so many pixels before anything is looked for."""
SMALLEST: Final = 20
"""Pixels of the smallest face, in the image as it was scaled."""
LEAST: Final = 0.9
"""The least probability of a face that is told."""
MAX_FACES: Final = 20


class FaceFinder:
    """A finder of faces in images, on one thread; safe to share between threads."""

    def __init__(self) -> None:
        self._cascade: Cascade | None = None
        self._loading = threading.Lock()

    def find(self, image: Image.Image) -> tuple[FaceBox, ...]:
        """The faces of an upright ``image``, the largest first, at most `MAX_FACES`.

        Nothing here is a reason to refuse an image: what goes wrong is logged, and no face found.
        """
        try:
            return self._find(image)
        except Exception:  # an image without boxes is worth more than none
            _logger.warning("no face can be looked for in an image", exc_info=True)
            return ()

    def _find(self, image: Image.Image) -> tuple[FaceBox, ...]:
        from review_app.inference.faces.search import search
        from review_app.inference.torch_runtime import use_one_thread

        use_one_thread()
        rgb = scaled(image)
        boxes, scores = search(self._load(), rgb, SMALLEST)
        return _told(boxes, scores, rgb.size, image.size)

    def _load(self) -> Cascade:
        from review_app.inference.faces.networks import load_cascade

        with self._loading:
            if self._cascade is None:
                self._cascade = load_cascade()
            return self._cascade


def scaled(image: Image.Image) -> Image.Image:
    """RGB no longer than `LONGEST`."""
    longest = max(image.size)
    if longest <= LONGEST:
        return to_rgb(image)
    size = tuple(max(1, round(side * LONGEST / longest)) for side in image.size)
    return to_rgb(image).resize((size[0], size[1]), Image.Resampling.BOX, reducing_gap=2.0)


def _told(
    boxes: Boxes, scores: Scores, seen: tuple[int, int], size: tuple[int, int]
) -> tuple[FaceBox, ...]:
    sure = scores >= LEAST
    ratio = np.array([size[0] / seen[0], size[1] / seen[1]] * 2)
    pixels = inside(boxes[sure] * ratio, *size).tolist()
    found = [
        FaceBox(left, top, right - left, bottom - top, round(score, 4), size)
        for (left, top, right, bottom), score in zip(pixels, scores[sure].tolist(), strict=True)
        if right > left and bottom > top
    ]
    found.sort(key=lambda face: (-face.width * face.height, face.x, face.y))
    return tuple(found[:MAX_FACES])
