"""Features of many images: cached by content, streamed, one failure at a time. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np
from PIL import Image

from review_app.core.errors import DetectorError
from review_app.core.progress import Progress
from review_app.inference.backbones.base import Backbone, Features
from review_app.inference.backbones.threads import cores

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
    """Features of ``items`` in their order; never more than ``batch`` images are asked for ahead.

    Only what the cache does not hold is decoded. An image that cannot be decoded or extracted is
    yielded as a failure, and the rest go on. Cached and fresh features have the same bits.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(cores(), thread_name_prefix="extract") as pool:
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
    """Features and failures by key. A thread sees an image through from file to features, so that
    no core waits for another's, and as many images are in memory as there are threads."""

    def outcome(item: tuple[str, Loader]) -> Features | str:
        try:
            return backbone.extract_one(item[1]())
        except DetectorError:  # no image is at fault
            raise
        except Exception as error:  # decoders raise almost anything on damaged bytes
            return str(error) or type(error).__name__

    fresh: dict[str, Features] = {}
    failures: dict[str, str] = {}
    for (key, _), found in zip(missing, pool.map(outcome, missing), strict=True):
        if isinstance(found, str):
            failures[key] = found
        else:
            fresh[key] = found
    return fresh, failures
