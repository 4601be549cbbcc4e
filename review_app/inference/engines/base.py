"""The contract of every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from review_app.inference.engines.names import EngineName

Pixels = NDArray[np.uint8]
"""RGB, [h, w, 3]."""
Run = Callable[[Pixels], tuple[torch.Tensor, ...]]
"""What a network says of one image, by thread-safe calls: activations [1, h, w, c], or features
[1, width], float32 on the processor. The thread's next call may write over it."""


class PixelNetwork(nn.Module):
    """``model``, a network on normalised pixels, as engines run it: from uint8 [1, h, w, 3] to a
    tuple of outputs, those with places in channels-last.

    ``any_size``: whether images may have another size than the example.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, model: nn.Module, mean: torch.Tensor, std: torch.Tensor, *, any_size: bool
    ) -> None:
        super().__init__()
        self.model = model
        self.any_size = any_size
        self.register_buffer("mean", mean.view(1, 3, 1, 1))
        self.register_buffer("std", std.view(1, 3, 1, 1))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """What ``model`` says of ``pixels``."""
        # Seen as [1, 3, h, w], interleaved RGB already is the channels-last layout.
        said = self.model((pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std)
        outputs = said if isinstance(said, tuple) else (said,)
        return tuple(each.permute(0, 2, 3, 1) if each.ndim == 4 else each for each in outputs)


class Engine(Protocol):
    """What runs networks."""

    @property
    def name(self) -> EngineName:
        """Its name, part of what a score is."""
        ...

    def prepare(self, network: PixelNetwork, key: str, example: Pixels) -> Run:
        """``network``, ready to run. ``key`` tells its weights apart, for what is kept of it on
        disk; ``example`` has its size."""
        ...
