"""Networks compiled for the image sizes that come again and again.

Where the size is known, padding and biases go into the convolutions, which is worth a third of the
time; but compiling takes about a second, and nobody knows which sizes come. So one that comes often
gets a network of its own, which must give the very bits of the one for all sizes before it is used:
then nothing hangs on when that was.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import torch

from review_app.inference.engines.base import Pixels, Run

OFTEN: Final = 48
"""Images of a size after which more of it are likely: compiling takes what is saved on some two
hundred."""
MOST: Final = 2
"""Sizes with a network of their own: each takes fifty megabytes."""
Size = tuple[int, ...]
"""The shape of :data:`Pixels`."""


class SizedRuns:
    """A :data:`Run` for images of any size. ``compiling`` compiles a network for the size that it
    is given, or for all sizes where that is None."""

    def __init__(self, compiling: Callable[[Size | None], Any]) -> None:
        self._compiling = compiling
        self._any = runner(compiling(None))
        self._own: dict[Size, Run] = {}
        self._seen: Counter[Size] = Counter()
        self._lock = threading.Lock()
        self._left = MOST

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Those with a network of their own."""
        return tuple(self._own)

    def __call__(self, pixels: Pixels) -> tuple[torch.Tensor, ...]:
        """What the network says of ``pixels``."""
        own = self._own.get(pixels.shape)
        if own is None:
            if self._left and self._is_due(pixels.shape):
                self._add(pixels.shape)
            own = self._any
        return own(pixels)

    def _is_due(self, size: Size) -> bool:
        """Count an image; whether its size has just come often enough, and there is room."""
        with self._lock:
            self._seen[size] += 1
            due = self._seen[size] == OFTEN and self._left > 0
            self._left -= due
        return due

    def _add(self, size: Size) -> None:
        own = runner(self._compiling(size))
        noise = np.random.default_rng(0).integers(0, 256, size=size, dtype=np.uint8)
        if _same(self._any(noise), own(noise)):
            self._own[size] = own


def runner(compiled: Any) -> Run:
    """Calls of a compiled network from any thread, each with a request of its own."""
    own = threading.local()
    outputs = range(len(compiled.outputs))

    def run(pixels: Pixels) -> tuple[torch.Tensor, ...]:
        if not hasattr(own, "request"):
            own.request = compiled.create_infer_request()
        own.request.infer({0: np.ascontiguousarray(pixels)[None]})
        data = (own.request.get_output_tensor(k).data for k in outputs)
        return tuple(map(torch.from_numpy, data))

    return run


def _same(some: Sequence[torch.Tensor], others: Sequence[torch.Tensor]) -> bool:
    return all(map(torch.equal, some, others))
