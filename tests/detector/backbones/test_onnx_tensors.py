"""Tensors of ONNX files: read as they were written, and nothing believed of hostile bytes."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_app.inference.onnx_tensors import read_onnx
from tests.detector.backbones import onnx_files as onnx

FLOATS = np.array([[1.5, -2.0, 0.1], [3.0, 4.0, 5.0]], dtype=np.float32)
BYTES = np.array([-128, -1, 0, 127], dtype=np.int8)


@pytest.mark.parametrize("raw", [True, False])
def test_tensors_are_read_as_they_were_written(raw: bool) -> None:
    scalar = np.full((), 7.5, dtype=np.float32)
    file = onnx.model(
        [
            onnx.tensor("floats", FLOATS, raw=raw),
            onnx.tensor("bytes", BYTES, raw=raw),
            onnx.tensor("one", scalar, raw=raw),
        ],
        [onnx.product("/a/MatMul_quant", ["x", "q", "xz", "qz"])],
    )
    found = read_onnx(memoryview(file))
    assert found.tensors["floats"].dtype == np.float32
    assert found.tensors["bytes"].dtype == np.int8
    assert (found.tensors["floats"] == FLOATS).all()
    assert (found.tensors["bytes"] == BYTES).all()
    assert found.tensors["one"].shape == ()
    assert found.tensors["one"] == 7.5
    assert found.products == {"/a/MatMul_quant": ("x", "q", "xz", "qz")}


def of_tensor(*fields: bytes) -> bytes:
    return onnx.model([b"".join(fields)])


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "no ONNX model"),
        (b"PNG, or any other file", "no ONNX file"),
        (b"\x3a\xff\xff\xff\xff\x0f", "cut off"),
        (b"\xff" * 12, "no ONNX file"),
        (onnx.number(7, 5), "no ONNX file"),
        (onnx.model([onnx.tensor("a", FLOATS)] * 2), "'a' comes twice"),
        (of_tensor(onnx.number(1, 2), onnx.number(2, 1), onnx.content(9, b"1234")), "4 bytes"),
        (of_tensor(onnx.number(1, 0), onnx.number(1, 2**63), onnx.number(2, 1)), "0 bytes"),
        (of_tensor(onnx.number(1, 2**64 - 1), onnx.number(2, 3)), "0 bytes"),
        (of_tensor(onnx.number(1, 1), onnx.number(2, 7), onnx.content(9, b"12345678")), "type 7"),
        (of_tensor(onnx.number(2, 1), onnx.content(8, "w"), onnx.number(14, 1)), "'w' is kept in"),
        (of_tensor(onnx.number(1, 4), onnx.content(2, b"abc")), "only float32 and int8"),
        (of_tensor(onnx.number(2, 3), onnx.content(5, b"\x01" * (2**20 + 1))), "one by one"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(file: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_onnx(memoryview(file))


GOOD = onnx.quantised({"bias": FLOATS}, {"a.b": FLOATS})[0]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=6), st.booleans())
def test_a_damaged_file_is_read_or_refused_and_never_more(at: int, noise: bytes, cut: bool) -> None:
    damaged = GOOD[:at] + noise + (b"" if cut else GOOD[at + len(noise) :])
    with suppress(ValueError):
        found = read_onnx(memoryview(damaged))
        assert sum(each.nbytes for each in found.tensors.values()) <= 2 * len(damaged)
