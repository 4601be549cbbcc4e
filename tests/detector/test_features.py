"""Feature streams and caches: lazy, exact, and never stopped by one bad image."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from review_app.core.errors import DetectorError
from review_app.inference.backbones import Backbone
from review_app.inference.feature_cache import DirectoryFeatureCache, MemoryFeatureCache
from review_app.inference.features import (
    FeatureCache,
    Loader,
    extract_features,
    stream_features,
)

Items = list[tuple[str, Loader]]


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def damaged() -> Image.Image:
    buffer = BytesIO()
    Image.new("RGB", (90, 90), "red").save(buffer, "JPEG")
    return Image.open(BytesIO(buffer.getvalue()[:200]))


@pytest.fixture
def items(images: list[Image.Image]) -> Items:
    return [(digest(i), image.copy) for i, image in enumerate(images[:10])]


@pytest.fixture(params=["memory", "directory"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> FeatureCache:
    if request.param == "memory":
        return MemoryFeatureCache()
    return DirectoryFeatureCache(tmp_path / "cache")


def test_cached_features_have_the_bits_of_fresh_ones_and_nothing_is_decoded_again(
    backbone: Backbone, items: Items, cache: FeatureCache
) -> None:
    fresh = extract_features(items, backbone, cache, batch=4)

    def never() -> Image.Image:
        raise AssertionError("decoded again")

    cached = extract_features([(key, never) for key, _ in items], backbone, cache)
    assert cached.keys == fresh.keys
    assert cached.matrix.tobytes() == fresh.matrix.tobytes()
    assert not cached.failures


def test_a_damaged_image_fails_alone_and_is_not_cached(
    backbone: Backbone, items: Items, cache: FeatureCache
) -> None:
    mixed = [*items[:3], (digest(98), damaged), *items[3:5], (digest(99), b"x".decode)]
    table = extract_features(mixed, backbone, cache)  # type: ignore[arg-type]
    assert table.keys == tuple(key for key, _ in items[:5])
    assert set(table.failures) == {digest(98), digest(99)}
    assert "runcated" in table.failures[digest(98)]
    assert not cache.get_many([digest(98)], backbone.key)


def test_an_image_that_breaks_extraction_itself_is_found(backbone: Backbone, items: Items) -> None:
    empty = Image.new("RGB", (0, 5))
    table = extract_features([items[0], (digest(97), lambda: empty), items[1]], backbone)
    assert table.keys == (items[0][0], items[1][0])
    assert list(table.failures) == [digest(97)]


def test_results_stream_in_order_and_only_a_batch_is_decoded_ahead(
    backbone: Backbone, images: list[Image.Image]
) -> None:
    decoded: list[int] = []

    def endless() -> Iterator[tuple[str, Loader]]:
        for number in range(10**9):

            def load(number: int = number) -> Image.Image:
                decoded.append(number)
                return images[number % len(images)]

            yield digest(number), load

    stream = stream_features(endless(), backbone, batch=4)
    assert [next(stream).key for _ in range(5)] == [digest(n) for n in range(5)]
    assert sorted(decoded) == list(range(8))


def test_one_image_given_twice_is_decoded_once_and_reported_twice(
    backbone: Backbone, items: Items
) -> None:
    calls: list[int] = []

    def load() -> Image.Image:
        calls.append(1)
        return items[0][1]()

    table = extract_features([(digest(0), load), (digest(0), load)], backbone)
    assert (len(table.keys), len(calls)) == (2, 1)


def test_progress_counts_every_image(backbone: Backbone, items: Items) -> None:
    seen: list[tuple[int, int | None]] = []
    extract_features(items[:3], backbone, total=3, progress=lambda *step: seen.append(step))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_backbones_do_not_share_features(cache: FeatureCache) -> None:
    row = np.ones(3, dtype=np.float32)
    cache.put_many({digest(1): row}, "one")
    assert not cache.get_many([digest(1)], "other")
    cache.put_many({digest(1): row * 2}, "one")
    assert (cache.get_many([digest(1)], "one")[digest(1)] == row).all()


def test_thousands_of_keys_are_looked_up_at_once(cache: FeatureCache) -> None:
    rows = {digest(i): np.full(2, i, dtype=np.float32) for i in range(1500)}
    cache.put_many(rows, "key")
    found = cache.get_many([*rows, digest(-1)], "key")
    assert set(found) == set(rows)


def test_a_writer_that_is_killed_leaves_a_cache_that_works(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
import numpy as np
from review_app.inference.feature_cache import DirectoryFeatureCache
cache = DirectoryFeatureCache(Path(sys.argv[1]))
cache.put_many({"whole": np.ones(4, "f4")}, "key")
class Half(dict):
    def items(self):
        yield "first", np.ones(4, "f4")
        os.kill(os.getpid(), signal.SIGKILL)
cache.put_many(Half(), "key")
"""
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert set(DirectoryFeatureCache(tmp_path).get_many(["whole", "first"], "key")) == {"whole"}


def test_a_cache_file_that_is_no_cache_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "features.sqlite3").write_bytes(b"something else entirely" * 100)
    with pytest.raises(DetectorError, match="delete the file"):
        DirectoryFeatureCache(tmp_path)
