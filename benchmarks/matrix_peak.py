"""How near a network comes to the products of matrices that the same cores manage, at batch 8.

Both sides run on every core, a thread and a stream each. The peak is that of whichever library
multiplies faster here: torch, or OpenVINO with the one matrix packed beforehand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from review_app.inference.backbones.threads import cores
from review_app.inference.engines import EngineName
from review_app.inference.engines.base import PixelNetwork, Pixels, Run
from review_app.inference.engines.openvino_engine import HINTS, compiled, converted

BATCH = 8
_SIDE = 2048
_TIMES = 2
_GMAC = _SIDE**3 / 1e9
_KINDS = {EngineName.OPENVINO: torch.float32, EngineName.OPENVINO_BF16: torch.bfloat16}

Work = Callable[[], float]
"""Does something on every core; how much it was."""


class FullBatches:
    """An engine that runs a network on 8 copies of an image at once, in the precision of
    ``name``."""

    def __init__(self, name: EngineName) -> None:
        self.name = name

    def prepare(self, network: PixelNetwork, key: str, example: Pixels) -> Run:
        """See the protocol; what comes has 8 rows."""
        infer = _inferring(compiled(converted(network, example, BATCH), HINTS[self.name]))

        def run(pixels: Pixels) -> tuple[torch.Tensor, ...]:
            return (torch.from_numpy(infer(np.repeat(pixels[None], BATCH, axis=0))),)

        return run


def images(run: Run, pixels: Pixels) -> float:
    """A batch on every core, twice; how many images that is."""
    _on_each_core(lambda: run(pixels), _TIMES)
    return float(BATCH * cores() * _TIMES)


def products(name: EngineName) -> Mapping[str, Work]:
    """What multiplies matrices in the precision of the engine ``name``, by library: each tells the
    thousand millions of multiplications that it made."""
    return {
        "torch": partial(_made, _torch_product(_KINDS[name])),
        "openvino": partial(_made, _openvino_product(HINTS[name])),
    }


def _made(product: Callable[[], object]) -> float:
    _on_each_core(product, 2 * _TIMES)
    return _GMAC * cores() * 2 * _TIMES


def _on_each_core(work: Callable[[], object], times: int) -> None:
    def several(_: int) -> None:
        torch.set_num_threads(1)
        for _ in range(times):
            work()

    list(_pool().map(several, range(cores())))


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads that stay, with what each has made."""
    return ThreadPoolExecutor(cores(), thread_name_prefix="products")


def _torch_product(kind: torch.dtype) -> Callable[[], object]:
    matrix = torch.rand(_SIDE, _SIDE).to(kind)
    return lambda: matrix @ matrix


def _openvino_product(hint: str) -> Callable[[], object]:
    openvino, opset = import_module("openvino"), import_module("openvino.opset13")
    values = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    given = opset.parameter([_SIDE, _SIDE], np.float32)
    product = opset.matmul(given, opset.constant(values), False, True)
    infer = _inferring(compiled(openvino.Model([product], [given]), hint))
    return lambda: infer(values)


def _inferring(model: Any) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """Calls of ``model``, whose first output lies where the thread's next call writes over it."""
    own = threading.local()

    def infer(given: NDArray[Any]) -> NDArray[np.float32]:
        if not hasattr(own, "request"):
            own.request = model.create_infer_request()
        own.request.infer({0: given}, share_inputs=True)
        found: NDArray[np.float32] = own.request.get_output_tensor(0).data
        return found

    return infer
