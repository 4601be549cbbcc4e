"""int8: OpenVINO's models with tensors rounded to 256 levels where layers multiply.

OpenVINO multiplies in 8-bit integers where the model says that both factors have such levels:
weights from the largest of each output channel, symmetric; what comes in, as a whole, from the
range that it has on calibration images. Those are made up (`made_images`): ranges from photos and
fakes brought the scores of the shipped checkpoint no nearer to the reference's. The first layer
sees pixels and stays as it is, for it costs little and its rounding moves scores; and so do as many
after it as it takes to come near enough to what the network says in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.core.hashing import sha256
from review_app.inference.engines.base import Pixels
from review_app.inference.engines.made_images import made_images

_RECIPE: Final = 1
"""Goes up whenever other levels come of the same network and images."""
NEAR: Final = 0.035
"""How far outputs may be off on calibration images (relative, L2): at that, validation images of
the shipped checkpoint kept their calls."""
_SEED: Final = 8
_LEVELS: Final = 256
_SMALLEST: Final = 1e-12
"""A range that is not 0, for channels and tensors that are."""

_Place = tuple[str, int]
"""An output of a node of a model, by the node's name."""
_Range = tuple[float, float]


def calibration_images(shape: Sequence[int], *, any_size: bool) -> list[Pixels]:
    """What a network is calibrated on: made-up images, none of which a trial measures by, of
    ``shape`` [h, w, 3] unless it takes ``any_size``."""
    height, width, _ = shape
    images = made_images(_SEED)
    if not any_size:
        images = [each.resize((width, height), Image.Resampling.BICUBIC) for each in images]
    return [np.asarray(each) for each in images]


def calibration_key(images: Sequence[Pixels]) -> str:
    """The recipe's version and a hash of its calibration images: what levels hang on beside the
    network."""
    told = b"".join(repr(each.shape).encode() + each.tobytes() for each in images)
    return f"int8-v{_RECIPE}-{sha256(told)[:12]}"


def quantised(model: Any, images: Sequence[Pixels]) -> Any:
    """A copy of ``model``, which takes [1, h, w, 3], that computes in int8, calibrated on
    ``images``. Where it would be off by more than :data:`NEAR`, the first 2, 4, 8... layers are
    left in float32; all of them, in the end."""
    plain = model.clone()
    # Batch norms go into weights before these are rounded, as compiling would do it afterwards.
    fuse = import_module("openvino._offline_transformations").apply_moc_transformations
    fuse(plain, cf=False, smart_reshape=False)
    spans = {place: _span(*ends) for place, ends in _ranges(plain, images).items()}
    expected, left = _said(plain, images), 1
    while left < len(spans):
        own = _rounded(plain, dict(list(spans.items())[left:]))
        if _off(expected, _said(own, images)) <= NEAR:
            return own
        left *= 2
    return plain


def _rounded(model: Any, spans: Mapping[_Place, _Range]) -> Any:
    """A copy of ``model`` that has levels in each of those places, and in the weights there."""
    own = model.clone()
    layers = _layers(own)
    for place, (low, high) in spans.items():
        levelled = _levelled(layers[place][0].input_value(0), low, high)
        for layer in layers[place]:
            layer.input(0).replace_source_output(levelled.output(0))
            layer.input(1).replace_source_output(_levelled_weights(layer).output(0))
    own.validate_nodes_and_infer_types()
    return own


def _said(model: Any, images: Sequence[Pixels]) -> list[list[NDArray[np.float32]]]:
    """The outputs of ``model`` for each of ``images``."""
    run = _compiled(model)
    return [[each.copy() for each in run(image[None]).to_tuple()] for image in images]


def _off(
    expected: Sequence[Sequence[NDArray[np.float32]]], said: Sequence[Sequence[NDArray[np.float32]]]
) -> float:
    """The relative error (L2) of each output on its worst image, the mean of the outputs."""
    errors = [
        [
            np.linalg.norm(b - a) / max(float(np.linalg.norm(a)), _SMALLEST)
            for a, b in zip(*pair, strict=True)
        ]
        for pair in zip(expected, said, strict=True)
    ]
    return float(np.asarray(errors).max(0).mean())


def _compiled(model: Any) -> Any:
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
    return import_module("openvino").Core().compile_model(model, "CPU", options)


def _layers(model: Any) -> dict[_Place, list[Any]]:
    """The layers that multiply by weights, by what they are given, in the order of computation."""
    found: dict[_Place, list[Any]] = {}
    for node in model.get_ordered_ops():
        if _channel_axes(node) is not None:
            given = node.input_value(0)
            place = (given.get_node().get_friendly_name(), given.get_index())
            found.setdefault(place, []).append(node)
    return found


def _channel_axes(node: Any) -> tuple[int, ...] | None:
    """The axes of a layer's weights that tell its output channels apart; None for other nodes."""
    kind = node.get_type_name()
    if kind not in ("Convolution", "GroupConvolution", "MatMul"):
        return None
    if node.input_value(1).get_node().get_type_name() != "Constant":
        return None
    if kind == "MatMul":
        attributes = node.get_attributes()
        is_plain = len(node.input_value(1).get_shape()) == 2 and not attributes["transpose_a"]
        return ((0,) if attributes["transpose_b"] else (1,)) if is_plain else None
    return (0, 1) if kind == "GroupConvolution" else (0,)


def _ranges(model: Any, images: Sequence[Pixels]) -> dict[_Place, _Range]:
    """The least and the largest number that layers are given at each place, means over
    ``images``."""
    openvino, ops = import_module("openvino"), import_module("openvino.opset13")
    layers = _layers(model)
    told: list[Any] = []
    for given in (each[0].input_value(0) for each in layers.values()):
        axes = ops.constant(np.arange(len(given.get_partial_shape()), dtype=np.int64))
        told += [ops.reduce_min(given, axes), ops.reduce_max(given, axes)]
    run = _compiled(openvino.Model([each.output(0) for each in told], model.get_parameters()))
    rows = [[float(end) for end in run(image[None]).to_tuple()] for image in images]
    means = np.asarray(rows).mean(0).reshape(-1, 2).tolist()
    return {place: (low, high) for place, (low, high) in zip(layers, means, strict=True)}


def _span(low: float, high: float) -> _Range:
    """What the levels span: from 0, or to both sides of it, which is always a level itself."""
    if low >= 0:
        return 0.0, max(high, _SMALLEST)
    step = max(-low / (_LEVELS // 2), high / (_LEVELS // 2 - 1))
    return -step * (_LEVELS // 2), step * (_LEVELS // 2 - 1)


def _levelled(given: Any, low: float, high: float) -> Any:
    ops = import_module("openvino.opset13")
    ends = [ops.constant(np.float32(each)) for each in (low, high)]
    return ops.fake_quantize(given, *ends, *ends, _LEVELS)


def _levelled_weights(layer: Any) -> Any:
    """The weights of ``layer``, each output channel on levels as far as its largest goes."""
    ops = import_module("openvino.opset13")
    weights: NDArray[np.float32] = layer.input_value(1).get_node().get_data().astype(np.float32)
    channels = _channel_axes(layer) or ()
    others = tuple(axis for axis in range(weights.ndim) if axis not in channels)
    largest = np.abs(weights).max(axis=others, keepdims=True).clip(min=_SMALLEST)
    ends = [ops.constant(each) for each in (-largest, largest)]
    return ops.fake_quantize(ops.constant(weights), *ends, *ends, _LEVELS - 1)
