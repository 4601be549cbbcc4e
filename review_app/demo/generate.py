"""The demo queue is made here: crops of free photos, and forgeries of them, as files and a
manifest.

Everything but the forgery itself is drawn without looking at the label: crop, size, exposure,
grain, format, quality. So neither size nor format of a file tells what it is.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.core.files import atomic_folder
from review_app.core.progress import Progress
from review_app.demo.forgeries import Forgery, Pixels, forge, grey_of
from review_app.demo.photos import PHOTOS, Photo, Use

SEED: Final = 1
"""Both sides certify with this seed; with some others one does not, and the demo says so."""
COLUMNS: Final = ("path", "label", "source", "group", "split", "photo", "method")
COUNTS: Final[Mapping[Use, tuple[int, int]]] = {
    Use.TRAIN: (240, 160),
    Use.VAL: (48, 32),
    Use.STREAM: (570, 380),
}
"""Real and forged images of each use."""
CALIBRATION_SHARE: Final = 0.45
"""The share of the stream that is labelled, drawn at random."""
MIX: Final[Mapping[Forgery, float]] = {
    Forgery.SPLICE: 0.15,
    Forgery.RESYNTHESIS: 0.25,
    Forgery.INPAINTING: 0.25,
    Forgery.UPSAMPLING: 0.35,
}
"""Shares of the ways to forge."""
_PNG_SHARE: Final = 0.15
_GREY_SHARE: Final = 0.2
_BY_NAME: Final = {photo.name: photo for photo in PHOTOS}


class DemoSplit(StrEnum):
    """The column ``split`` of the manifest."""

    TRAIN = "train"
    """Labels that the heads learn from."""
    VAL = "val"
    """Labels that choices are made on."""
    CALIBRATION = "calibration"
    """Labels that the certificate rests on: a random part of the stream."""
    QUEUE = "queue"
    """The rest of the stream; its truth is kept from reviewers."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image to make: a crop, forged by ``method`` with material of ``donor``."""

    scene: int
    """Seeds crop and camera. A forgery for training shares its scene with a real crop, so that
    the two differ by the forgery alone and heads learn that instead of the photo."""
    photo: Photo
    donor: Photo
    method: Forgery | None
    """The kind of forgery; None for a real crop."""


@dataclass(frozen=True, slots=True)
class _Camera:
    """What a camera and an editor do to any picture, forged or not."""

    gamma: float
    gains: NDArray[np.float32]
    """White balance, [3]."""
    saturation: float
    grain: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _Camera:
        """A random camera."""
        return cls(
            gamma=float(np.exp(rng.uniform(-0.3, 0.3))),
            gains=np.exp(rng.uniform(-0.12, 0.12, 3)).astype(np.float32),
            saturation=0.0 if rng.random() < _GREY_SHARE else float(rng.uniform(0.6, 1.3)),
            grain=float(rng.uniform(0, 0.008)),
        )

    def expose(self, image: Pixels, rng: np.random.Generator) -> Pixels:
        """``image`` as this camera records it."""
        grey = grey_of(image)
        coloured = (grey + np.float32(self.saturation) * (image - grey)) * self.gains
        toned = np.clip(coloured, 0, 1) ** np.float32(self.gamma)
        noise = rng.standard_normal(image.shape, dtype=np.float32)
        return np.asarray(np.clip(toned + np.float32(self.grain) * noise, 0, 1), dtype=np.float32)


def generate(out: Path, *, seed: int = SEED, progress: Progress | None = None) -> Path:
    """Write the images and ``manifest.csv`` into the new folder ``out``; returns the manifest.

    The same seed gives the same files. ``out`` appears complete or not at all; where it exists
    already with a manifest, it is left as it is.
    """
    manifest = out / "manifest.csv"
    if manifest.is_file():
        return manifest
    with atomic_folder(out) as building:
        _write(building, seed, progress or (lambda done, total: None))
    return manifest


def _write(folder: Path, seed: int, progress: Progress) -> None:
    recipes = _recipes(seed)
    pixels = {photo.name: photo.load() for photo in PHOTOS}
    (folder / "images").mkdir()

    def make(number: int, drawn: tuple[Recipe, DemoSplit]) -> str:
        recipe, _ = drawn
        rng = np.random.default_rng((seed, recipe.scene))
        image = render(recipe, pixels, rng)
        return save(image, folder / "images", f"{number:04d}", rng)

    rows = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        names = pool.map(make, range(len(recipes)), recipes)
        for done, (drawn, name) in enumerate(zip(recipes, names, strict=True), start=1):
            rows.append(_row(*drawn, name))
            progress(done, len(recipes))
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def _row(recipe: Recipe, split: DemoSplit, name: str) -> tuple[str, ...]:
    label = "real" if recipe.method is None else "fake"
    photo = recipe.photo.name
    # Images of the stream are split one by one; everything else by photo.
    group = "" if recipe.photo.use is Use.STREAM else photo
    return (f"images/{name}", label, "demo", group, split, photo, recipe.method or "")


def _recipes(seed: int) -> list[tuple[Recipe, DemoSplit]]:
    """Every image with its split, in an order that tells nothing."""
    rng = np.random.default_rng(seed)
    recipes: list[Recipe] = []
    methods, shares = list(MIX), list(MIX.values())
    for use, (real, fake) in COUNTS.items():
        photos = [photo for photo in PHOTOS if photo.use is use]
        first = len(recipes)
        for index in range(real + fake):
            turn = index % real  # the n-th forgery goes with the n-th real crop
            photo = photos[turn % len(photos)]
            donor = rng.choice([other.name for other in photos if other is not photo])
            method = None if index < real else methods[rng.choice(len(methods), p=shares)]
            scene = first + (turn if use is Use.TRAIN else index)
            recipes.append(Recipe(scene, photo, _BY_NAME[donor], method))
    splits = _splits(recipes, rng)
    return [(recipes[at], splits[at]) for at in rng.permutation(len(recipes))]


def _splits(recipes: Sequence[Recipe], rng: np.random.Generator) -> list[DemoSplit]:
    """The split of each image: that of its photo, or in the stream, drawn."""
    stream = [at for at, recipe in enumerate(recipes) if recipe.photo.use is Use.STREAM]
    labelled = round(len(stream) * CALIBRATION_SHARE)
    drawn = set(rng.permutation(stream)[:labelled].tolist())
    return [
        DemoSplit(recipe.photo.use.value)
        if recipe.photo.use is not Use.STREAM
        else (DemoSplit.CALIBRATION if at in drawn else DemoSplit.QUEUE)
        for at, recipe in enumerate(recipes)
    ]


def render(
    recipe: Recipe, pixels: Mapping[str, NDArray[np.uint8]], rng: np.random.Generator
) -> Pixels:
    """Make the image; ``pixels`` has the photos by name, ``rng`` is seeded by the scene."""
    photo, donor = pixels[recipe.photo.name], pixels[recipe.donor.name]
    image = _crop(photo, _size(photo, rng), rng)
    turns, channels = int(rng.integers(4)), rng.permutation(3)
    camera = _Camera.draw(rng)
    if recipe.photo.use is not Use.TRAIN:
        turns, channels = 0, np.arange(3)
    # few photos to learn from: turned and recoloured, they stand for more
    image = np.rot90(image, turns)[:, :, channels]
    if recipe.method is not None:
        material = _crop(donor, (image.shape[1], image.shape[0]), rng)[:, :, channels]
        strength = float(rng.triangular(0.1, 1, 1))
        image = forge(image, material, recipe.method, strength, rng)
    return camera.expose(image, rng)


def _size(photo: NDArray[np.uint8], rng: np.random.Generator) -> tuple[int, int]:
    """Width and height to make, 256 to 512 pixels each."""
    longest = int(np.clip(1.25 * min(photo.shape[:2]), 256, 512))
    long = int(rng.integers(256, longest + 1))
    short = max(256, round(long * rng.uniform(0.75, 1.0)))
    return (long, short) if rng.random() < 0.5 else (short, long)


def _crop(photo: NDArray[np.uint8], size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """A random part of ``photo``, maybe mirrored, resampled to ``size`` by at most a third up."""
    width, height = size
    largest = min(photo.shape[1] / width, photo.shape[0] / height)
    scale = min(largest, rng.uniform(0.75, 1.25))
    across, down = width * scale, height * scale
    left = rng.uniform(0, max(0.0, photo.shape[1] - across))
    top = rng.uniform(0, max(0.0, photo.shape[0] - down))
    crop = Image.fromarray(photo).resize(
        size, Image.Resampling.LANCZOS, box=(left, top, left + across, top + down)
    )
    values = np.asarray(crop, dtype=np.float32) / 255
    return np.ascontiguousarray(values[:, ::-1] if rng.random() < 0.5 else values)


def save(image: Pixels, folder: Path, stem: str, rng: np.random.Generator) -> str:
    """Write ``image`` as JPEG of some quality or, now and then, PNG; returns the file's name."""
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    quality = int(rng.integers(80, 96))
    if rng.random() < _PNG_SHARE:
        picture.save(folder / f"{stem}.png")
        return f"{stem}.png"
    picture.save(folder / f"{stem}.jpg", quality=quality)
    return f"{stem}.jpg"
