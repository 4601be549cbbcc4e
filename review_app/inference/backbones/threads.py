"""One image at a time, a thread per core over the images.

Batching would change the last bits of the features with the batch size (other kernels, other
orders of summation) and is slower on CPUs with eager kernels. One image on one thread is the faster
way and the exact one.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from review_app.inference.backbones.base import Features, round_features
from review_app.inference.backbones.card import BackboneCard

if TYPE_CHECKING:
    from review_app.inference.backbones.network import NetworkBackbone


class PerImageBackbone(ABC):
    """A backbone that knows how to see one image; see the protocol in ``base``.

    ``prepare`` runs once in every thread that extracts.
    """

    def __init__(
        self, card: BackboneCard, key: str, prepare: Callable[[], None] | None = None
    ) -> None:
        self.card = card
        self.key = key
        self._pool = ThreadPoolExecutor(cores(), thread_name_prefix=card.name)
        self._prepare = prepare
        self._thread = threading.local()

    def extract(self, images: Sequence[Image.Image]) -> Features:
        """Features of ``images``, float32 [n, width]; see the protocol."""
        rows = list(self._pool.map(self.extract_one, images))
        return np.stack(rows) if rows else np.empty((0, self.card.width), dtype=np.float32)

    def extract_one(self, image: Image.Image) -> Features:
        """Features of one image, float32 [width]; see the protocol."""
        return round_features(self.unrounded(image))

    def unrounded(self, image: Image.Image) -> Features:
        """What :meth:`extract_one` rounds, float32 [width]: engines are compared by it."""
        if self._prepare and not hasattr(self._thread, "ready"):
            self._prepare()
            self._thread.ready = True
        return self._extract_one(image)

    def networked(self) -> tuple[NetworkBackbone, ...]:
        """Its parts whose networks an engine runs; none where it has no network."""
        return ()

    @abstractmethod
    def _extract_one(self, image: Image.Image) -> Features:
        """Features of one image before rounding, float32 [width]."""


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
