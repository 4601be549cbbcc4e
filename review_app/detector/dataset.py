"""Labelled images as the heads see them: features, labels and what identifies each image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.datasets.manifest import Label, Manifest, ManifestRow, require_labels
from review_app.detector.backbones.base import Backbone, Features
from review_app.detector.backbones.preprocess import to_rgb
from review_app.detector.features import FeatureCache, Loader, Progress, extract_features
from review_app.detector.heads.base import Labels
from review_app.errors import ManifestError

Decoder = Callable[[bytes, str], Image.Image]
"""From a file's bytes and its name (for messages) to an upright image; may raise."""


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """n labelled images; rows, labels, keys and sources are parallel."""

    keys: tuple[str, ...]
    """sha256 hex digests of the image files' bytes."""
    features: Features
    """float32 [n, width], as a backbone extracts them (not standardised)."""
    is_fake: Labels
    """bool [n]."""
    sources: tuple[str, ...] = ()
    """Where each image comes from; empty where nobody knows."""

    def __post_init__(self) -> None:
        lengths = {len(self.keys), len(self.features), len(self.is_fake)}
        if len(lengths) > 1 or (self.sources and len(self.sources) not in lengths):
            raise ValueError("keys, features, labels and sources differ in length")

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, rows: slice) -> LabelledFeatures:
        return LabelledFeatures(
            self.keys[rows], self.features[rows], self.is_fake[rows], self.sources[rows]
        )

    def from_source(self, source: str) -> NDArray[np.bool_]:
        """Which images come from ``source``, bool [n]."""
        return np.array([each == source for each in self.sources], dtype=np.bool_)


def decode_plainly(data: bytes, name: str) -> Image.Image:
    """The first frame as upright RGB; for files of one's own, not for what strangers send."""
    with Image.open(BytesIO(data)) as image:
        return to_rgb(image)


def load_labelled(
    manifest: Manifest,
    rows: Sequence[ManifestRow],
    backbone: Backbone,
    cache: FeatureCache | None = None,
    *,
    purpose: str,
    decode: Decoder = decode_plainly,
    progress: Progress | None = None,
) -> LabelledFeatures:
    """Features and labels of ``rows``.

    ``purpose`` says in messages what the rows are for. Raises ManifestError, naming rows, where
    labels are missing, only one class occurs, or images cannot be read.
    """
    require_labels(manifest, rows, purpose)
    keys: list[str] = []

    def items() -> Iterator[tuple[str, Loader]]:
        for row in rows:
            key, loader = _item(manifest, row, decode)
            keys.append(key)
            yield key, loader

    table = extract_features(items(), backbone, cache, total=len(rows), progress=progress)
    if table.failures:
        bad = [row for row, key in zip(rows, keys, strict=True) if key in table.failures]
        shown = "; ".join(
            f"row {row.row} ({row.name}): {table.failures[key]}"
            for row, key in zip(rows, keys, strict=True)
            if key in table.failures
        )
        raise ManifestError(
            f"{manifest.path}: {len(bad)} images cannot be read: {shown[:1000]}; replace them or "
            "leave their rows out"
        )
    return LabelledFeatures(
        table.keys,
        table.matrix,
        np.array([row.label is Label.FAKE for row in rows]),
        tuple(row.source or "" for row in rows),
    )


def _item(manifest: Manifest, row: ManifestRow, decode: Decoder) -> tuple[str, Loader]:
    try:
        data = row.path.read_bytes()
    except OSError as error:
        raise ManifestError(
            f"{manifest.path}: row {row.row} ({row.name}) cannot be read ({error.strerror}); "
            f"paths are relative to {manifest.path.parent}"
        ) from error
    return hashlib.sha256(data).hexdigest(), lambda: decode(data, row.name)
