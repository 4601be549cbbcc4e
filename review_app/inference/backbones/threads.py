"""One image at a time, a thread per core over the images.

Batching would change the last bits of the features with the batch size (other kernels, other
orders of summation) and is slower on CPUs with eager kernels. One image on one thread is the faster
way and the exact one.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from review_app.inference.backbones.base import Features, round_features
from review_app.inference.backbones.card import BackboneCard


class PerImageBackbone(ABC):
    """A backbone that knows how to see one image; see the protocol in ``base``.

    ``prepare`` runs at the start of every worker thread.
    """

    def __init__(
        self, card: BackboneCard, key: str, prepare: Callable[[], None] | None = None
    ) -> None:
        self.card = card
        self.key = key
        self._pool = ThreadPoolExecutor(_cores(), thread_name_prefix=card.name, initializer=prepare)

    def extract(self, images: Sequence[Image.Image]) -> Features:
        """Features of ``images``, float32 [n, width]; see the protocol."""
        rows = list(self._pool.map(self._extract_one, images))
        if not rows:
            return np.empty((0, self.card.width), dtype=np.float32)
        return round_features(np.stack(rows))

    @abstractmethod
    def _extract_one(self, image: Image.Image) -> Features:
        """Features of one image before rounding, float32 [width]."""


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
