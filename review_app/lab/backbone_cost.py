"""The time that backbones take for an image, beside each other in one run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from review_app.core.progress import Progress
from review_app.inference.backbones import Backbone

_SIZES = ((256, 256), (512, 512), (640, 480), (1024, 768))
_SEED = 20261130


@dataclass(frozen=True, slots=True)
class BackboneCost:
    """The cost of one backbone."""

    backbone: str
    milliseconds: float
    """Median over the images, of processor time on one thread, without decoding."""
    ratio: float
    """Median over the images, of its time divided by the first backbone's for the same image."""


def measure(
    backbones: Sequence[Backbone],
    images: Sequence[Image.Image],
    *,
    progress: Progress | None = None,
) -> list[BackboneCost]:
    """The cost of each backbone, the first being what the others are compared with.

    Images come one by one, and all backbones see one before any sees the next: what else the
    machine does bears on all of them alike. Raises ValueError without images.
    """
    if not images:
        raise ValueError("there are no images to measure with")
    for backbone in backbones:
        backbone.extract(images[:1])  # memory is laid out and kernels are chosen at the first
    seconds = np.empty((len(images), len(backbones)))
    for row, image in enumerate(images):
        seconds[row] = [_seconds(backbone, image) for backbone in backbones]
        if progress:
            progress(row + 1, len(images))
    ratios = seconds / seconds[:, :1]
    return [
        BackboneCost(
            backbone.card.name,
            float(1000 * np.median(seconds[:, column])),
            float(np.median(ratios[:, column])),
        )
        for column, backbone in enumerate(backbones)
    ]


def made_images(n: int) -> list[Image.Image]:
    """The same ``n`` images each time, in usual sizes: smooth colours under noise."""
    rng = np.random.default_rng(_SEED)
    images = []
    for number in range(n):
        size = _SIZES[number % len(_SIZES)]
        colours = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize(size)
        noise = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        images.append(Image.blend(colours, Image.fromarray(noise), 0.1))
    return images


def _seconds(backbone: Backbone, image: Image.Image) -> float:
    # One image is one thread's work, and nothing else is running here: the process's time is its.
    begun = time.process_time()
    backbone.extract([image])
    return time.process_time() - begun
