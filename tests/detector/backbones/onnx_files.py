"""Small ONNX files, written as the exporter of the real one writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT, INT8 = 1, 3


def varint(value: int) -> bytes:
    """A number in protocol buffers; negative ones as 64 bits."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def number(field: int, value: int) -> bytes:
    """A field with a number."""
    return varint(field << 3) + varint(value)


def content(field: int, value: bytes | str) -> bytes:
    """A field with bytes, a text or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: NDArray[Any], *, raw: bool = True) -> bytes:
    """An initializer, in raw bytes or in the typed field that the quantiser uses."""
    kind = FLOAT if values.dtype == np.float32 else INT8
    facts = b"".join(number(1, side) for side in values.shape) + number(2, kind) + content(8, name)
    if raw:
        return facts + content(9, values.tobytes())
    if kind == FLOAT:
        return facts + content(4, values.tobytes())
    return facts + content(5, b"".join(varint(int(value)) for value in values.ravel()))


def product(name: str, inputs: Sequence[str]) -> bytes:
    """A node that multiplies integers."""
    return (
        b"".join(content(1, each) for each in inputs)
        + content(3, name)
        + content(4, "MatMulInteger")
    )


def model(tensors: Sequence[bytes], nodes: Sequence[bytes] = ()) -> bytes:
    """A whole file."""
    graph = b"".join(
        [
            *(content(1, node) for node in nodes),
            content(2, "main"),
            *(content(5, t) for t in tensors),
        ]
    )
    return number(1, 7) + content(2, "a test") + content(7, graph)


def quantised(
    floats: Mapping[str, NDArray[np.float32]], matrices: Mapping[str, NDArray[np.float32]]
) -> tuple[bytes, dict[str, NDArray[np.float32]]]:
    """A file with ``floats``, and ``matrices`` [inputs, outputs] in 8 bits by columns; and what
    the matrices are after rounding."""
    tensors = [tensor(name, values) for name, values in floats.items()]
    nodes, rounded = [], {}
    for i, (module, matrix) in enumerate(matrices.items()):
        low, high = matrix.min(0), matrix.max(0)
        scale = ((high - low) / 200).astype(np.float32)
        zero = np.round(-100 - low / scale).clip(-128, 127).astype(np.int8)
        q = np.round(matrix / scale + zero).clip(-128, 127).astype(np.int8)
        rounded[module] = (q.astype(np.float32) - zero.astype(np.float32)) * scale
        names = [f"m{i}_scale", f"m{i}_zero_point", f"m{i}_quantized"]
        tensors += [
            tensor(names[0], scale, raw=False),
            tensor(names[1], zero, raw=False),
            tensor(names[2], q),
        ]
        node = "/" + module.replace(".", "/").replace("layers/", "layers.") + "/MatMul_quant"
        nodes.append(product(node, ["x", names[2], "x_zero_point", names[1]]))
    return model(tensors, nodes), rounded
