"""Engines by name. One that cannot run here says why."""

from __future__ import annotations

from pathlib import Path

from review_app.inference.engines.base import Engine
from review_app.inference.engines.names import EngineName
from review_app.inference.engines.openvino_engine import OpenVinoEngine
from review_app.inference.engines.torch_engine import CudaEngine, TorchEngine


def load_engine(name: EngineName, folder: Path | None) -> Engine:
    """The engine of that name; ``folder`` keeps what it makes of networks.

    Raises BackboneError where it cannot run here.
    """
    match name:
        case EngineName.TORCH:
            return TorchEngine()
        case EngineName.CUDA_BF16:
            return CudaEngine()
        case EngineName.OPENVINO | EngineName.OPENVINO_BF16 | EngineName.OPENVINO_INT8:
            return OpenVinoEngine(name, folder)
