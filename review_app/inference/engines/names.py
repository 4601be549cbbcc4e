"""The names of engines, and what they mean for scores. No torch here.

A score is made by weights, and by what computes with them. Engines that compute in float32 agree
with the reference within :data:`TOLERANCE`, far below what the features' float16 keeps: a detector
is the same on each of them. Others are another detector, whose id says so.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

TOLERANCE: Final = 1e-5
"""The largest relative error (L2, over an image's features before rounding) against torch at which
an engine counts as the same."""
MARK: Final = "@"
"""Stands in keys and ids between what is computed and the engine that computes it."""


class EngineName(StrEnum):
    """What a network runs on."""

    TORCH = "torch"
    """torch on the processor, float32: the reference."""
    OPENVINO = "openvino"
    """OpenVINO on the processor, float32."""
    OPENVINO_BF16 = "openvino-bf16"
    """OpenVINO on a processor that multiplies bfloat16."""
    OPENVINO_INT8 = "openvino-int8"
    """OpenVINO in 8-bit integers, all layers but the first, by calibrated quantisation."""
    CUDA_BF16 = "cuda-bf16"
    """torch on a GPU, bfloat16."""

    @property
    def is_exact(self) -> bool:
        """Whether it computes in float32, so that a detector may stay the same on it."""
        return self in (EngineName.TORCH, EngineName.OPENVINO)


def feature_key(backbone_key: str, engine: EngineName, *, shrunk: bool = False) -> str:
    """The key of features of a backbone as ``engine`` makes them, for caches: they are never mixed.
    Those of the reference from all pixels have the backbone's own."""
    marks = () if engine is EngineName.TORCH else (engine.value,)
    return MARK.join((backbone_key, *marks, *_SHRUNK[:shrunk]))


def detector_id(checkpoint_id: str, engine: EngineName | None, *, shrunk: bool = False) -> str:
    """The id of a checkpoint's detector on ``engine``: on one that is not exact, or on pixels of
    files that were ``shrunk`` while they were decoded, one of its own."""
    marks = () if engine is None or engine.is_exact else (engine.value,)
    return MARK.join((checkpoint_id, *marks, *_SHRUNK[:shrunk]))


def split_id(detector: str) -> tuple[str, EngineName | None, bool]:
    """The checkpoint's id, the engine without which the detector is another one (None where any
    exact one will do), and whether files are shrunk for it. The inverse of :func:`detector_id`."""
    rest = detector.removesuffix(f"{MARK}{_SHRUNK[0]}")
    checkpoint_id, _, engine = rest.rpartition(MARK)
    named = checkpoint_id and engine in set(EngineName)
    plain, needed = (checkpoint_id, EngineName(engine)) if named else (rest, None)
    return plain, needed, rest != detector


_SHRUNK: Final = ("shrunk",)
