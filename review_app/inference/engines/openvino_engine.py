"""OpenVINO: networks that are compiled for the processor, a stream for each core.

A stream computes on one thread, one image at a time, by kernels that the image's own size chooses:
so its bits hang on nothing else. Sizes that come often have a network of their own, of the same
bits (`openvino_sizes`). The conversion takes seconds and is kept on disk. It goes through
the frontend alone: `openvino.convert_model` would tell its maker of it.
"""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch

from review_app.core.errors import BackboneError
from review_app.core.files import atomic_folder
from review_app.core.hashing import sha256
from review_app.inference.backbones.threads import cores
from review_app.inference.engines.base import PixelNetwork, Pixels, Run
from review_app.inference.engines.names import EngineName
from review_app.inference.engines.openvino_int8 import (
    calibration_images,
    calibration_key,
    quantised,
)
from review_app.inference.engines.openvino_sizes import Size, SizedRuns, runner

_logger = logging.getLogger(__name__)
HINTS: Final = {
    EngineName.OPENVINO: "f32",
    EngineName.OPENVINO_BF16: "bf16",
    EngineName.OPENVINO_INT8: "f32",
}
"""What OpenVINO calls the precision of each engine; in int8, that of what is not rounded."""
_MODEL: Final = "model.xml"


class OpenVinoEngine:
    """OpenVINO in the precision of ``name``; ``folder`` keeps converted networks, None keeps none.

    Raises BackboneError where OpenVINO is not installed, or the processor lacks the precision.
    """

    def __init__(self, name: EngineName, folder: Path | None) -> None:
        self.name = name
        self._folder = folder
        try:
            self._openvino = import_module("openvino")
        except ImportError as error:
            raise BackboneError(
                f"REVIEW_ENGINE={name} needs OpenVINO ({error}); {REMEDY}"
            ) from error
        self._core = self._openvino.Core()
        able = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if name is EngineName.OPENVINO_BF16 and "BF16" not in able:
            raise BackboneError(
                "this processor does not multiply bfloat16; choose REVIEW_ENGINE=auto"
            )

    def prepare(self, network: PixelNetwork, key: str, example: Pixels) -> Run:
        """See the protocol."""
        model, hint = self._model(network, key, example), HINTS[self.name]
        if not network.any_size:
            return runner(compiled(model, hint))

        def compiling(size: Size | None) -> Any:
            own = model.clone()
            if size is not None:
                own.reshape({0: self._openvino.PartialShape([1, *size])})
            return compiled(own, hint)

        return SizedRuns(compiling)

    def _model(self, network: PixelNetwork, key: str, example: Pixels) -> Any:
        """The converted network, from disk where it is there."""
        images = self._calibration(network, example)

        def made() -> Any:
            model = converted(network, example)
            return quantised(model, images) if images else model

        if self._folder is None:
            return made()
        facts = f"{key} {self._openvino.__version__} {torch.__version__} {example.shape}"
        if images:
            facts += f" {calibration_key(images)}"
        kept = self._folder / sha256(facts.encode())[:32]
        if not (kept / _MODEL).is_file():
            try:
                with atomic_folder(kept) as draft:
                    self._openvino.save_model(made(), draft / _MODEL, compress_to_fp16=False)
            except OSError as error:  # another process was first, or nothing can be kept
                _logger.info("a converted network is not kept in %s (%s)", kept, error)
                return made()
        return self._core.read_model(kept / _MODEL)

    def _calibration(self, network: PixelNetwork, example: Pixels) -> list[Pixels]:
        """What ``network`` is calibrated on; nothing unless this is int8."""
        if self.name is not EngineName.OPENVINO_INT8:
            return []
        return calibration_images(example.shape, any_size=network.any_size)


def converted(network: PixelNetwork, example: Pixels, batch: int = 1) -> Any:
    """The network as OpenVINO's model, of ``batch`` images at a time."""
    decoders = import_module("openvino.frontend.pytorch.ts_decoder")
    manager = import_module("openvino.frontend").FrontEndManager()
    pixels = torch.from_numpy(example.copy())[None]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of tracing, which OpenVINO itself asks torch for
        decoder = decoders.TorchScriptPythonDecoder(network, example_input=pixels)
    frontend = manager.load_by_framework("pytorch")
    model = frontend.convert(frontend.load(decoder))
    sides = [-1, -1] if network.any_size else example.shape[:2]
    model.reshape({0: import_module("openvino").PartialShape([batch, *sides, 3])})
    return model


def compiled(model: Any, hint: str) -> Any:
    """``model`` for this processor, a stream for each core, in the precision of ``hint``."""
    options = {
        "INFERENCE_PRECISION_HINT": hint,
        "NUM_STREAMS": cores(),
        "INFERENCE_NUM_THREADS": cores(),  # one for each stream: sums are never split
        "ENABLE_CPU_PINNING": False,
    }
    return import_module("openvino").Core().compile_model(model, "CPU", options)


REMEDY: Final = "install it with: pip install 'deepfake-review[openvino]', or choose another engine"
