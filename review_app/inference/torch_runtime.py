"""The one door to torch and timm: one thread per forward pass, and torchvision mended where needed.

torch runs each forward pass on one thread, because parallel work *over* images is faster than
threads *inside* one image at these model sizes, and because a sum that is never split gives the
same bits whatever else the machine is doing.
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[torch.library.Library] = []  # a Library takes its schemas with it when collected


def use_one_thread() -> None:
    """Keep torch on one thread, for the process and for the calling thread."""
    torch.set_num_threads(1)


@cache
def timm() -> ModuleType:
    """timm, imported so that it works beside a CPU build of torch."""
    use_one_thread()
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _define_missing_schemas()
    return importlib.import_module("timm")


def _define_missing_schemas() -> None:
    """Declare the two operators that a torchvision built for CUDA cannot register on a CPU torch.

    torchvision attaches shape functions to them on import, so they must exist; nothing here ever
    calls them.
    """
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]  # halves of the failed import
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        library.define(schema)  # type: ignore[no-untyped-call]
    _libraries.append(library)
