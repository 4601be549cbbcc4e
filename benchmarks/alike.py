"""Near-duplicates: how many copies are found, how often one layout is taken for one image, and what
the second look costs beside the hash.

``python -m benchmarks.alike [--quick]``; photos are those of ``../shared``, where they are. What it
reports of screenshots is of layouts that chose no threshold, though generators of the same kind
made those that did; some of the photos were among those that the thresholds were tried on.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

from PIL import Image

from benchmarks.alike_images import LAYOUTS, WAYS
from benchmarks.copies import ROOTS, interval, known
from review_app.copies.alike import AlikeIndex
from review_app.copies.descriptors import describe
from review_app.copies.look import Look
from review_app.core.hashing import perceptual_hash

Pair = tuple[Image.Image, Image.Image]


def is_joined(earlier: Image.Image, later: Image.Image) -> bool:
    """Whether intake would call ``later`` a near-duplicate of ``earlier``."""
    index: AlikeIndex[int] = AlikeIndex()
    stored = describe(earlier)
    index.add(0, stored.phash)
    look = Look.of(later)
    found = index.find(
        look.hashes, lambda: look, lambda _: [stored.thumb], lambda _: Look.of(earlier)
    )
    return found is not None


def screenshots(n: int) -> Iterator[tuple[str, Image.Image]]:
    """``n`` of each kind, of layouts of odd numbers."""
    for kind, make in LAYOUTS.items():
        for number in range(n):
            yield kind, make(2 * number + 1, 0)


def photos(n: int) -> Iterator[tuple[str, Image.Image]]:
    """``n`` of those that are at odd places; none where the sets are not here."""
    if all(root.is_dir() for root in ROOTS):
        for one in random.Random(20261129).sample(known()[1::2], n):
            yield one.source, one.open()


def copies(images: Iterator[tuple[str, Image.Image]]) -> dict[str, Any]:
    """The share of copies that are found, by way, and pooled; each way in both orders."""
    rng = random.Random(7)
    found: dict[str, list[bool]] = {way: [] for way in WAYS}
    for _, image in images:
        for way, change in WAYS.items():
            copy = change(image, rng)
            found[way] += [is_joined(image, copy), is_joined(copy, image)]
    pooled = [hit for hits in found.values() for hit in hits]
    return {"all": _share(pooled), "ways": {way: _share(hits) for way, hits in found.items()}}


def others(n: int) -> dict[str, Any]:
    """The share of pairs of one layout that are taken for copies, by kind; and of flat images."""
    told = {}
    for kind, make in LAYOUTS.items():
        joined = []
        for number in range(n):
            images = [make(2 * number + 1, each) for each in range(3)]
            joined += [is_joined(a, b) for a, b in combinations(images, 2)]
        told[kind] = _share(joined)
    flat = [Image.new("RGB", (640, 480), name) for name in ("black", "white", "red", "#fefefe")]
    told["one colour"] = _share([is_joined(a, b) for a, b in combinations(flat, 2)])
    return told


def cost(images: list[Image.Image]) -> dict[str, float]:
    """Seconds an image takes in what intake computes of every one, as multiples of the hash alone:
    without a neighbour, and where one is a copy."""
    alone = _seconds(images, lambda image: perceptual_hash(image))
    look = _seconds(images, lambda image: (describe(image), Look.of(image).hashes))
    pair = _seconds(images, lambda image: is_joined(image, image.resize((256, 256))))
    return {"every_image": round(1 + look / alone, 2), "a_copy": round(1 + pair / alone, 2)}


def _seconds(images: list[Image.Image], do: Callable[[Image.Image], object]) -> float:
    start = time.process_time()
    for image in images:
        do(image)
    return time.process_time() - start


def _share(hits: list[bool]) -> list[float]:
    return interval(sum(hits), len(hits)) if hits else []


def measure(n: int) -> dict[str, Any]:
    """The figures for ``n`` layouts of each kind, and four times as many photos."""
    return {
        "others_joined": others(n),
        "screenshots_found": copies(screenshots(n)),
        "photos_found": copies(photos(4 * n)),
        "cost_beside_the_hash": cost([image for _, image in screenshots(2)]),
    }


if __name__ == "__main__":
    print(json.dumps(measure(3 if "--quick" in sys.argv else 12), indent=1))
