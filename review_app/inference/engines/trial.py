"""A short trial of engines on one backbone: how fast each is here, and how far from the reference.

Images are made up and always the same, of several shapes, for kernels are chosen by shape.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from review_app.core.errors import BackboneError
from review_app.inference.backbones.base import Features
from review_app.inference.backbones.threads import cores
from review_app.inference.engines.base import Run
from review_app.inference.engines.choice import Measured
from review_app.inference.engines.made_images import made_images
from review_app.inference.engines.names import EngineName
from review_app.inference.engines.registry import load_engine

if TYPE_CHECKING:
    from review_app.inference.backbones.network import NetworkBackbone

_logger = logging.getLogger(__name__)
_ROUNDS = 3

Parts = Sequence["NetworkBackbone"]
Runs = tuple[Run, ...]
"""What runs the network of each part."""


def measure(parts: Parts, names: Sequence[EngineName], folder: Path | None) -> tuple[Measured, ...]:
    """Speed and agreement of the reference, and of those engines of ``names`` that can run here, on
    the ``parts`` of a backbone that have a network. They run on the reference after that."""
    images = made_images()
    runs: dict[EngineName, Runs] = {}
    said: dict[EngineName, list[Features]] = {}
    for name in dict.fromkeys((EngineName.TORCH, *names)):
        try:
            engine = load_engine(name, folder)
            runs[name] = tuple(part.prepared(engine) for part in parts)
        except BackboneError as error:
            _logger.info("%s is not tried: %s", name, error)
            continue
        _use(parts, runs[name])
        said[name] = [part.unrounded(image) for part in parts for image in images]
    seconds = _seconds(parts, images, runs)
    _use(parts, runs[EngineName.TORCH])
    return tuple(
        Measured(name, round(len(images) / seconds[name], 2), _worst(said[EngineName.TORCH], rows))
        for name, rows in said.items()
    )


def _use(parts: Parts, runs: Runs) -> None:
    for part, run in zip(parts, runs, strict=True):
        part.run_by(run)


def _worst(expected: Sequence[Features], said: Sequence[Features]) -> float:
    """The largest relative error of a row, L2."""
    return max(
        float(np.linalg.norm(b - a) / max(float(np.linalg.norm(a)), 1e-12))
        for a, b in zip(expected, said, strict=True)
    )


def _seconds(
    parts: Parts, images: Sequence[Image.Image], runs: Mapping[EngineName, Runs]
) -> dict[EngineName, float]:
    """Seconds for ``images`` with every core at work, the median of rounds in turns."""
    wanted = [(part, image) for part in parts for image in images] * cores()
    found: dict[EngineName, list[float]] = {name: [] for name in runs}
    with ThreadPoolExecutor(cores(), thread_name_prefix="trial") as pool:
        for _ in range(_ROUNDS):
            for name, each in runs.items():
                _use(parts, each)
                clock = time.perf_counter()
                list(pool.map(lambda one: one[0].unrounded(one[1]), wanted))
                found[name].append((time.perf_counter() - clock) / cores())
    return {name: median(each) or 1e-9 for name, each in found.items()}
