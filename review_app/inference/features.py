"""Features of many images: cached by content, streamed, one failure at a time. No torch here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from PIL import Image

from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone, Features

Loader = Callable[[], Image.Image]
"""Decodes one image when it is needed; may raise anything."""


class FeatureCache(Protocol):
    """Features by content: keys are sha256 hex digests of the image files' bytes."""

    def get_many(self, keys: Sequence[str], backbone_key: str) -> Mapping[str, Features]:
        """What is known of ``keys``, float32 [width] each; missing keys are left out."""
        ...

    def put_many(self, features: Mapping[str, Features], backbone_key: str) -> None:
        """Keep ``features``; a key that is there already stays as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Extracted:
    """The outcome of one image: exactly one of ``features`` and ``failure`` is set."""

    key: str
    features: Features | None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of the images that could be read, in their order, and the failures by key."""

    keys: tuple[str, ...]
    matrix: Features
    """float32 [len(keys), width]."""
    failures: dict[str, str]


def stream_features(
    items: Iterable[tuple[str, Loader]],
    backbone: Backbone,
    cache: FeatureCache | None = None,
    *,
    batch: int = 64,
) -> Iterator[Extracted]:
    """Features of ``items`` in their order; never more than ``batch`` images are in memory.

    Only what the cache does not hold is decoded. An image that cannot be decoded or extracted is
    yielded as a failure, and the rest go on. Cached and fresh features have the same bits.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="decode") as pool:
        while chunk := list(islice(iterator, batch)):
            loaders = dict(chunk)
            known = dict(cache.get_many(list(loaders), backbone.key)) if cache else {}
            missing = [(key, loader) for key, loader in loaders.items() if key not in known]
            fresh, failures = _extract(missing, backbone, pool)
            if cache and fresh:
                cache.put_many(fresh, backbone.key)
            known.update(fresh)
            for key, _ in chunk:
                yield Extracted(key, known.get(key), failures.get(key))


def extract_features(
    items: Iterable[tuple[str, Loader]],
    backbone: Backbone,
    cache: FeatureCache | None = None,
    *,
    batch: int = 64,
    total: int | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """:func:`stream_features`, collected. ``progress`` is called after every image."""
    keys: list[str] = []
    rows: list[Features] = []
    failures: dict[str, str] = {}
    for done, one in enumerate(stream_features(items, backbone, cache, batch=batch), start=1):
        if one.features is None:
            failures[one.key] = one.failure or "unknown"
        else:
            keys.append(one.key)
            rows.append(one.features)
        if progress:
            progress(done, total)
    width = backbone.card.width
    matrix = np.stack(rows) if rows else np.empty((0, width), dtype=np.float32)
    return FeatureTable(tuple(keys), matrix, failures)


def _extract(
    missing: Sequence[tuple[str, Loader]], backbone: Backbone, pool: ThreadPoolExecutor
) -> tuple[dict[str, Features], dict[str, str]]:
    """Decode and extract; an image that breaks the extraction of its batch is found alone."""
    images: dict[str, Image.Image] = {}
    failures: dict[str, str] = {}
    for (key, _), outcome in zip(missing, pool.map(_load, missing), strict=True):
        if isinstance(outcome, str):
            failures[key] = outcome
        else:
            images[key] = outcome
    try:
        return dict(zip(images, backbone.extract(list(images.values())), strict=True)), failures
    except Exception:  # Pillow may find damage only when pixels are converted
        return _extract_each(images, backbone, failures)


def _extract_each(
    images: Mapping[str, Image.Image], backbone: Backbone, failures: dict[str, str]
) -> tuple[dict[str, Features], dict[str, str]]:
    fresh: dict[str, Features] = {}
    for key, image in images.items():
        try:
            fresh[key] = backbone.extract([image])[0]
        except Exception as error:  # reported per image, as decoding is
            failures[key] = _words(error)
    return fresh, failures


def _load(item: tuple[str, Loader]) -> Image.Image | str:
    try:
        image = item[1]()
        image.load()
    except Exception as error:  # decoders raise almost anything on damaged bytes
        return _words(error)
    return image


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
