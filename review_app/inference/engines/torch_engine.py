"""torch itself: the reference on a processor, and bfloat16 on a GPU."""

from __future__ import annotations

from copy import deepcopy

import torch

from review_app.core.errors import BackboneError
from review_app.inference.engines.base import PixelNetwork, Pixels, Run
from review_app.inference.engines.names import EngineName


class TorchEngine:
    """The reference: eager, float32, in channels-last, on the thread that asks."""

    name = EngineName.TORCH

    def prepare(self, network: PixelNetwork, key: str, example: Pixels) -> Run:
        """See the protocol."""

        def run(pixels: Pixels) -> tuple[torch.Tensor, ...]:
            with torch.inference_mode():
                outputs: tuple[torch.Tensor, ...] = network(torch.from_numpy(pixels.copy())[None])
            return outputs

        return run


class CudaEngine:
    """A GPU: bfloat16 where torch's autocast has it, pixels by way of pinned memory."""

    name = EngineName.CUDA_BF16

    def __init__(self) -> None:
        if not torch.cuda.is_available():
            raise BackboneError("torch finds no GPU here; choose another REVIEW_ENGINE")

    def prepare(self, network: PixelNetwork, key: str, example: Pixels) -> Run:
        """See the protocol."""
        there = deepcopy(network).to("cuda")

        def run(pixels: Pixels) -> tuple[torch.Tensor, ...]:
            sent = torch.from_numpy(pixels.copy()).pin_memory().to("cuda", non_blocking=True)
            with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
                return tuple(each.float().cpu() for each in there(sent[None]))

        return run
