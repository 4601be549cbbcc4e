"""Images that a checkpoint remembers by the first bytes of their sha256, as sorted uint64."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LearnedImages:
    """Images that people have labelled, by the prefixes of their hashes, sorted."""

    taught: NDArray[np.uint64]
    """Those whose labels the checkpoint learned from; it has seen them."""
    held_out: NDArray[np.uint64]
    """The newest ones, which it has not seen: what it is compared on."""


def prefixes(digests: Iterable[str]) -> NDArray[np.uint64]:
    """What a checkpoint keeps of images by their sha256 hex ``digests``: sorted, each once."""
    return np.unique(np.array([_prefix(digest) for digest in digests], dtype=np.uint64))


def is_among(kept: NDArray[np.uint64], sha256: str) -> bool:
    """Whether the image with this hash is among those ``kept``."""
    prefix = _prefix(sha256)
    at = int(np.searchsorted(kept, prefix))
    return at < len(kept) and bool(kept[at] == prefix)


def _prefix(sha256: str) -> int:
    return int(sha256[:16], 16)
