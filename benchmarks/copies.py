"""Copy detection: which share of images is recognised after each way of saving them again, and how
often an image is taken for another one's copy.

``python -m benchmarks.copies [--quick]``; needs the images of ``../shared``. The threshold was
chosen on the even images of each set; the figures are of the odd ones.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from scipy.stats import beta

from review_app.copies.descriptors import Descriptor, Probe, describe
from review_app.copies.search import ALIKE, SAME, CopyIndex, similarity

ROOTS = [Path(__file__).parents[1] / "../shared" / name for name in ("data", "wild")]
MANY = 400_000
Way = Callable[[Image.Image, random.Random], Image.Image]


class Known(NamedTuple):
    """One image of the sets; those of a group show the same."""

    path: Path
    source: str
    group: str

    def open(self) -> Image.Image:
        with Image.open(self.path) as image:
            return image.convert("RGB")


def saved(image: Image.Image, form: str, quality: int) -> Image.Image:
    """``image`` after it was saved and read."""
    out = io.BytesIO()
    image.save(out, form, quality=quality)
    return Image.open(out).convert("RGB")


def cropped(
    image: Image.Image, left: float, top: float, right: float, bottom: float
) -> Image.Image:
    """``image`` less these shares of its sides."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop((round(box[0]), round(box[1]), round(box[2]), round(box[3])))


def screenshot(image: Image.Image, rng: random.Random) -> Image.Image:
    """``image`` on a page under a bar, of random sizes."""
    wider, higher = rng.uniform(1.1, 1.8), rng.uniform(1.2, 1.8)
    page = Image.new("RGB", (round(image.width * wider), round(image.height * higher)), "#f8f8fa")
    page.paste((32, 33, 36), (0, 0, page.width, page.height // 14))
    page.paste(image, ((page.width - image.width) // 2, (page.height - image.height) // 2))
    return page


WAYS: dict[str, Way] = {
    "JPEG, quality 40": lambda image, _: saved(image, "JPEG", 40),
    "WebP, quality 30": lambda image, _: saved(image, "WEBP", 30),
    "half the size": lambda image, _: image.reduce(2),
    "enlarged, stretched": lambda image, _: image.resize((image.width * 2, image.height * 3 // 2)),
    "greyscale": lambda image, _: image.convert("L").convert("RGB"),
    "20 % brighter": lambda image, _: ImageEnhance.Brightness(image).enhance(1.2),
    "mirrored": lambda image, _: ImageOps.mirror(image),
    "turned by 90 degrees": lambda image, _: image.transpose(Image.Transpose.ROTATE_90),
    "3 % off every side": lambda image, _: cropped(image, 0.03, 0.03, 0.03, 0.03),
    "up to 8 % off each side": lambda image, rng: cropped(
        image, *(rng.uniform(0, 0.08) for _ in range(4))
    ),
    "white border": lambda image, rng: ImageOps.expand(image, rng.randint(8, 90), "white"),
    "screenshot of a page": screenshot,
    "mirrored, 4 % off, half, JPEG 60": lambda image, _: saved(
        ImageOps.mirror(cropped(image, 0.04, 0.04, 0.04, 0.04)).reduce(2), "JPEG", 60
    ),
    "turned by 2 degrees": lambda image, _: image.rotate(2, Image.Resampling.BICUBIC),
    "turned by 5 degrees": lambda image, _: image.rotate(5, Image.Resampling.BICUBIC),
    "12 % off every side": lambda image, _: cropped(image, 0.12, 0.12, 0.12, 0.12),
}


def known() -> list[Known]:
    """All images of the sets."""
    found = []
    for root in ROOTS:
        with (root / "manifest.csv").open(newline="") as file:
            rows = csv.DictReader(file)
            found += [Known(root / row["path"], row["source"], row["group"]) for row in rows]
    return found


def interval(hits: int, n: int) -> list[float]:
    """A share and its 95 % interval (Clopper-Pearson)."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return [round(value, 4) for value in (hits / n, low, high)]


def measure(n: int, n_other: int) -> dict[str, Any]:
    """Recall by way over ``n`` images; false refusals of ``n_other`` against all others."""
    rng = random.Random(20261129)
    images = known()
    stored = [describe(one.open()) for one in images]
    odd = rng.sample(range(1, len(images), 2), max(n, n_other))
    ways = {name: recall(images, stored, odd[:n], way, rng) for name, way in WAYS.items()}
    return {
        "images": n,
        "ways": ways,
        "taken_for_another": others(images, stored, odd[:n_other]),
        "seconds_among_400000": speed(images[odd[0]]),
    }


def recall(
    images: list[Known], stored: list[Descriptor], chosen: list[int], way: Way, rng: random.Random
) -> dict[str, list[float]]:
    """Shares that are refused, and that are on record as alike at least."""
    found = [similarity(Probe.of(way(images[n].open(), rng)), stored[n]) for n in chosen]
    return {
        "refused": interval(sum(value >= SAME for value in found), len(found)),
        "at_least_alike": interval(sum(value >= ALIKE for value in found), len(found)),
    }


def others(
    images: list[Known], stored: list[Descriptor], chosen: list[int]
) -> dict[str, list[float]]:
    """Shares of images, by set, that are taken for a copy of an image of another group."""
    index = CopyIndex()
    index.add([(n, n, one.phash) for n, one in enumerate(stored)])
    by_source: dict[str, list[bool]] = {}
    for n in chosen:
        me = images[n]
        matches = index.search(Probe.of(me.open()), lambda rows: [stored[r].thumb for r in rows])
        wrong = [
            match
            for match in matches
            if match.similarity >= SAME and images[match.image_id][1:] != me[1:]
        ]
        for match in wrong:
            print(me.path, images[match.image_id].path, round(match.similarity, 3), file=sys.stderr)
        by_source.setdefault(me.source, []).append(bool(wrong))
    return {name: interval(sum(taken), len(taken)) for name, taken in sorted(by_source.items())}


def speed(one: Known) -> float:
    """Median seconds of a search among `MANY` images."""
    hashes = np.random.default_rng(5).integers(-(2**63), 2**63 - 1, MANY).tolist()
    index = CopyIndex()
    index.add([(n, n, value) for n, value in enumerate(hashes)])
    probe = Probe.of(one.open())
    took = []
    for _ in range(5):
        start = time.perf_counter()
        index.search(probe, lambda rows: [bytes(1024)] * len(rows))
        took.append(time.perf_counter() - start)
    return sorted(took)[2]


if __name__ == "__main__":
    print(json.dumps(measure(*((60, 100) if "--quick" in sys.argv else (400, 1000))), indent=1))
