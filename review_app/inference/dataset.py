"""Labelled images as the heads see them: features, labels and what identifies each image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.core.errors import ManifestError
from review_app.core.hashing import sha256
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.preprocess import to_rgb
from review_app.inference.features import FeatureCache, Loader, extract_features
from review_app.inference.heads.base import Labels
from review_app.inference.laundering import Transform, launder_copy
from review_app.manifests.manifest import Manifest, ManifestLabel, ManifestRow, require_labels
from review_app.manifests.weights import normalised

Float64 = NDArray[np.float64]
Decoder = Callable[[bytes, str], Image.Image]
"""A function from a file's bytes and its name (for messages) to an upright image; it may raise."""


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """n labelled images; rows, labels, keys and what is known of each are parallel."""

    keys: tuple[str, ...]
    """sha256 hex digests of the image files' bytes."""
    features: Features
    """float32 [n, width], as a backbone extracts them (not standardised)."""
    is_fake: Labels
    """bool [n]."""
    sources: tuple[str, ...] = ()
    """The source of each image; empty where nobody knows."""
    groups: tuple[str, ...] = ()
    """What must not be split, "" for an image by itself; empty where nobody knows."""
    weights: Float64 | None = None
    """How many images each stands for, above 0 and up to a factor, float64 [n]; None: all alike."""
    generators: tuple[str, ...] = ()
    """What made each image, "" where nobody says; empty where nobody knows any."""

    def __post_init__(self) -> None:
        lengths = {len(self.keys), len(self.features), len(self.is_fake)}
        facts = {len(fact) for fact in (self.sources, self.groups, self.generators) if fact}
        weights = set() if self.weights is None else {len(self.weights)}
        if len(lengths | facts | weights) > 1:
            raise ValueError(
                "keys, features, labels, sources, groups, weights, generators differ in length"
            )

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, rows: slice) -> LabelledFeatures:
        return LabelledFeatures(
            self.keys[rows],
            self.features[rows],
            self.is_fake[rows],
            self.sources[rows],
            self.groups[rows],
            None if self.weights is None else self.weights[rows],
            self.generators[rows],
        )

    def take(self, rows: NDArray[np.intp]) -> LabelledFeatures:
        """The images at ``rows``, in that order."""

        def taken(facts: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(facts[row] for row in rows) if facts else ()

        return LabelledFeatures(
            taken(self.keys),
            self.features[rows],
            self.is_fake[rows],
            taken(self.sources),
            taken(self.groups),
            None if self.weights is None else self.weights[rows],
            taken(self.generators),
        )

    def joined(self, other: LabelledFeatures) -> LabelledFeatures:
        """These images, then those of ``other``; facts that either does not have are dropped, and
        where one has weights, images of the other weigh 1."""

        def both(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
            return mine + theirs if mine and theirs else ()

        return LabelledFeatures(
            self.keys + other.keys,
            np.concatenate([self.features, other.features]),
            np.concatenate([self.is_fake, other.is_fake]),
            both(self.sources, other.sources),
            both(self.groups, other.groups),
            None
            if self.weights is None and other.weights is None
            else np.concatenate([each.each_weight() for each in (self, other)]),
            both(self.generators, other.generators),
        )

    @property
    def weighting(self) -> Float64 | None:
        """The weights with the mean 1; None where all images count alike."""
        return normalised(self.weights)

    def each_weight(self) -> Float64:
        """The weights, 1 each where all images are alike, float64 [n]."""
        return np.ones(len(self)) if self.weights is None else self.weights

    def from_source(self, source: str) -> NDArray[np.bool_]:
        """Which images come from ``source``, bool [n]."""
        return np.array([each == source for each in self.sources], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Versions:
    """Labelled images as they are, and prepared again: what a training learns from."""

    originals: LabelledFeatures
    copies: tuple[Features, ...] = ()
    """Features of each image through one transform each, float32 [n, width], rows as above."""

    def __len__(self) -> int:
        return len(self.originals)

    def take(self, rows: NDArray[np.intp]) -> Versions:
        """All versions of the images at ``rows``."""
        return Versions(self.originals.take(rows), tuple(copy[rows] for copy in self.copies))

    def joined(self, other: Versions) -> Versions:
        """These images, then those of ``other``."""
        return Versions(
            self.originals.joined(other.originals),
            tuple(np.concatenate(pair) for pair in zip(self.copies, other.copies, strict=True)),
        )

    def together(self) -> tuple[Features, Labels, tuple[str, ...]]:
        """Features, labels and sources of all versions: the originals, then each copy."""
        times = 1 + len(self.copies)
        features = np.concatenate([self.originals.features, *self.copies])
        sources = (self.originals.sources or ("",) * len(self)) * times
        return features, np.tile(self.originals.is_fake, times), sources

    @property
    def weighting(self) -> Float64 | None:
        """The weights of all versions in that order, with the mean 1; None: all count alike."""
        weights = self.originals.weighting
        return None if weights is None else np.tile(weights, 1 + len(self.copies))


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
    transform: Transform | None = None,
    progress: Progress | None = None,
) -> LabelledFeatures:
    """Features and labels of ``rows``; with ``transform``, of copies prepared that way.

    The keys are those of the files either way. ``purpose`` says in messages what the rows are for.
    Raises ManifestError, naming rows, where labels are missing, only one class occurs, or images
    cannot be read.
    """
    require_labels(manifest, rows, purpose)
    keys: list[str] = []
    files: list[str] = []

    def items() -> Iterator[tuple[str, Loader]]:
        for row in rows:
            file, loader = _item(manifest, row, decode)
            key = file
            if transform:
                key, loader = _copied(file, loader, transform)
            files.append(file)
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
    return replace(facts_of(rows), keys=tuple(files), features=table.matrix)


def facts_of(rows: Sequence[ManifestRow]) -> LabelledFeatures:
    """What a manifest says of ``rows``, whose labels are known; without keys, and with features
    [n, 0]."""
    return LabelledFeatures(
        ("",) * len(rows),
        np.empty((len(rows), 0), dtype=np.float32),
        np.array([row.label is ManifestLabel.FAKE for row in rows], dtype=np.bool_),
        tuple(row.source or "" for row in rows),
        tuple(row.group or "" for row in rows),
        _weights(rows),
        _generators(rows),
    )


def _weights(rows: Sequence[ManifestRow]) -> Float64 | None:
    weights = [row.weight for row in rows if row.weight is not None]
    return np.array(weights) if weights and len(weights) == len(rows) else None


def _generators(rows: Sequence[ManifestRow]) -> tuple[str, ...]:
    known = any(row.generator for row in rows)
    return tuple(row.generator or "" for row in rows) if known else ()


def _copied(file: str, load: Loader, transform: Transform) -> tuple[str, Loader]:
    """The key under which a copy's features are cached, and what makes the copy."""
    digest = hashlib.sha256(f"{file}:{transform!r}".encode())
    return digest.hexdigest(), lambda: launder_copy(to_rgb(load()), file, 0, transform)


def _item(manifest: Manifest, row: ManifestRow, decode: Decoder) -> tuple[str, Loader]:
    try:
        data = row.path.read_bytes()
    except OSError as error:
        raise ManifestError(
            f"{manifest.path}: row {row.row} ({row.name}) cannot be read ({error.strerror}); "
            f"paths are relative to {manifest.path.parent}"
        ) from error
    return sha256(data), lambda: decode(data, row.name)
