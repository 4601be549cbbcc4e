"""The tensors of an ONNX file, read without running it.

Only what stored weights need of the format: initializers in float32 and int8, and which of them
each integer matrix product takes. The bytes may be anybody's: every length is checked against what
is there before anything is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

# Numbers of fields and types in onnx.proto.
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_INPUT, _NODE_NAME, _NODE_TYPE = 1, 3, 4
_DIMS, _TYPE, _FLOATS, _INTS, _NAME, _RAW, _LOCATION = 1, 2, 4, 5, 8, 9, 14
_FLOAT, _INT8 = 1, 3
_DTYPES: dict[int, np.dtype[Any]] = {_FLOAT: np.dtype("<f4"), _INT8: np.dtype("i1")}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_VARINT_BITS = 64
_MAX_PACKED = 2**20
"""Bytes of numbers written one by one: each takes many times as much once read."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class OnnxWeights:
    """What an ONNX graph stores."""

    tensors: dict[str, NDArray[Any]] = field(default_factory=dict)
    """The initializers by name, float32 or int8."""
    products: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of the inputs of each ``MatMulInteger``, by the name of the node."""


def read_onnx(data: memoryview) -> OnnxWeights:
    """The stored tensors of the model in ``data``, and what its integer products take.

    Raises ValueError, with what is wrong, for bytes that are no such model, tensors of other types
    or in other files, and a name that comes twice.
    """
    found = OnnxWeights()
    for number, graph in _fields(data):
        if number == _MODEL_GRAPH:
            _read_graph(_content(graph), found)
    if not found.tensors:
        raise ValueError("no ONNX model with stored tensors")
    return found


def _read_graph(graph: memoryview, found: OnnxWeights) -> None:
    for number, value in _fields(graph):
        if number == _GRAPH_INITIALIZER:
            _add(found.tensors, *_tensor(_content(value)))
        elif number == _GRAPH_NODE:
            kind, name, inputs = _node(_content(value))
            if kind == "MatMulInteger":
                _add(found.products, name, inputs)


def _node(data: memoryview) -> tuple[str, str, tuple[str, ...]]:
    """Operator, name and names of inputs of a node."""
    kind, name, inputs = "", "", list[str]()
    for number, value in _fields(data):
        if number == _NODE_TYPE:
            kind = _text(value)
        elif number == _NODE_NAME:
            name = _text(value)
        elif number == _NODE_INPUT:
            inputs.append(_text(value))
    return kind, name, tuple(inputs)


def _add(into: dict[str, Value], name: str, value: Value) -> None:
    if name in into:
        raise ValueError(f"{name!r} comes twice")
    into[name] = value


def _tensor(data: memoryview) -> tuple[str, NDArray[Any]]:
    """Name and values of one initializer, in memory of their own."""
    shape, parts = list[int](), dict[int, int | memoryview]()
    for number, value in _fields(data):
        if number == _DIMS:
            shape += [value] if isinstance(value, int) else _varints(value)
        else:
            parts[number] = value
    name = _text(parts.get(_NAME, memoryview(b"")))
    if parts.get(_LOCATION, 0) != 0:
        raise ValueError(f"{name!r} is kept in another file")
    kind = parts.get(_TYPE)
    if not isinstance(kind, int) or kind not in _DTYPES:
        raise ValueError(f"{name!r} has type {kind}; only float32 and int8 are read")
    stored = _stored(parts)
    if 0 in shape or prod(shape) * _DTYPES[kind].itemsize != len(stored):
        raise ValueError(f"{name!r} of shape {shape} has {len(stored)} bytes")
    return name, np.frombuffer(stored, dtype=_DTYPES[kind]).reshape(shape).copy()


def _stored(parts: dict[int, int | memoryview]) -> bytes | memoryview:
    """The bytes of a tensor's values; int8 may be written as numbers one by one."""
    for number in (_RAW, _FLOATS):
        if number in parts:
            return _content(parts[number])
    numbers = _varints(_content(parts.get(_INTS, memoryview(b""))))
    return bytes(number & 0xFF for number in numbers)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field of a message of protocol buffers."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _varint(data, place)
        elif kind in _FIXED_SIZES:
            size = _FIXED_SIZES[kind]
        else:
            raise ValueError("no ONNX file")
        if size > len(data) - place:
            raise ValueError("the file is cut off, or no ONNX file")
        yield number, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    """The number that begins at ``place``, and where the next thing begins."""
    value = 0
    for shift in range(0, _VARINT_BITS, 7):
        if place >= len(data):
            raise ValueError("the file is cut off, or no ONNX file")
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**_VARINT_BITS - 1), place
    raise ValueError("no ONNX file")


def _varints(data: memoryview) -> list[int]:
    if len(data) > _MAX_PACKED:
        raise ValueError("too many numbers that are written one by one")
    values, place = [], 0
    while place < len(data):
        value, place = _varint(data, place)
        values.append(value)
    return values


def _content(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("no ONNX file")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_content(value)).decode("utf-8", "replace")
