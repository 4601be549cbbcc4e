"""A projection is what a model makes of an image's features before it asks any head: some kilobytes
that take a hundred times as long to make as to read back.

It is kept like the features themselves, under a key of the tensors that made it: detectors that
differ in their heads alone share it, to the bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from review_app.inference.heads.base import Matrix

if TYPE_CHECKING:
    from review_app.inference.model import Model

_VERSION = 1
"""The version of the arithmetic and of the layout: keys of another one are never met."""
_DIGITS = 16


class ProjectionCache(Protocol):
    """Projections, packed, by content: keys are sha256 hex digests of the image files' bytes."""

    def get_many(self, keys: Sequence[str], projection_key: str) -> Mapping[str, bytes]:
        """What is known of ``keys``; missing keys are left out."""
        ...

    def put_many(self, projections: Mapping[str, bytes], projection_key: str) -> None:
        """Keep ``projections``; a key that is there already stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Projection:
    """The projections of n images."""

    told: Matrix
    """What heads are told before any gate, float32 [n, d]."""
    shares: Matrix | None
    """How much each expert counts for each image, float32 [n, k]; None without a gate."""
    log_distances: NDArray[np.float64] | None
    """The logarithms of the distances to the training images, [n]; None where they are not
    measured."""

    def __len__(self) -> int:
        return len(self.told)

    @classmethod
    def concatenated(cls, parts: Sequence[Projection]) -> Projection:
        """Projections by one model, one after another."""
        if len(parts) == 1:
            return parts[0]
        shares = [part.shares for part in parts if part.shares is not None]
        distances = [part.log_distances for part in parts if part.log_distances is not None]
        return cls(
            np.concatenate([part.told for part in parts]),
            np.concatenate(shares) if shares else None,
            np.concatenate(distances) if distances else None,
        )

    def packed(self) -> list[bytes]:
        """Each image's numbers one after another, little-endian, none rounded."""
        parts: list[NDArray[np.generic]] = [self.told.astype("<f4")]
        if self.shares is not None:
            parts.append(self.shares.astype("<f4"))
        if self.log_distances is not None:
            parts.append(self.log_distances.astype("<f8")[:, None])
        rows = np.hstack([np.ascontiguousarray(part).view(np.uint8) for part in parts])
        return [row.tobytes() for row in rows]

    @classmethod
    def unpacked(cls, rows: Sequence[bytes], model: Model) -> Self:
        """The inverse of `packed`, for the model that made them or one of the same key."""
        raw = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
        end = raw.shape[1]
        distances = shares = None
        if model.novelty is not None:
            distances, end = _numbers(raw[:, end - 8 : end], "<f8")[:, 0], end - 8
        if model.gate is not None:
            size = 4 * model.gate.experts
            shares, end = _numbers(raw[:, end - size : end], "<f4"), end - size
        return cls(_numbers(raw[:, :end], "<f4"), shares, distances)


def projection_key(model: Model) -> str | None:
    """The key of the projections of ``model``; None for one that makes nothing worth keeping: its
    heads are told of all features."""
    if model.compression is None:
        return None
    digest = hashlib.sha256(f"projection {_VERSION}".encode())
    parts = {
        "standardizer": model.standardizer.state(),
        "compression": model.compression.state(),
        "space": {} if model.space is None else model.space.state(),
        "gate": {} if model.gate is None else model.gate.state(),
        # Its scale only tells what is made of the distances later.
        "novelty": {} if model.novelty is None else {"references": model.novelty.references},
    }
    for part, state in parts.items():
        for name, tensor in sorted(state.items()):
            digest.update(f"{part}.{name} {tensor.dtype} {tensor.shape}".encode())
            digest.update(np.ascontiguousarray(tensor).tobytes())
    return digest.hexdigest()[:_DIGITS]


def _numbers(raw: NDArray[np.uint8], kind: str) -> NDArray[Any]:
    """Bytes [n, size] as numbers of ``kind``, in the machine's own order."""
    found = np.ascontiguousarray(raw).view(kind)
    native: NDArray[Any] = found.astype(found.dtype.newbyteorder("="), copy=False)
    return native
