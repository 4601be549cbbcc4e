"""The demo queue is made here: crops of free photos, and forgeries of them, as files and a
manifest.

What is made stays: a run that is interrupted goes on where it stopped.

Everything but the forgery itself is drawn without looking at the label: crop, size, exposure,
grain, format, quality. So neither size nor format of a file tells what it is.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from review_app.core.files import atomic_write
from review_app.core.progress import Progress
from review_app.demo.methods import Forgery
from review_app.demo.photos import PHOTOS, Use
from review_app.demo.rendering import Recipe, render, save

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


Drawn = tuple[Recipe, DemoSplit]
Row = tuple[str, ...]


def generate(
    out: Path, *, seed: int = SEED, progress: Progress | None = None, first: int | None = None
) -> Path:
    """Write the images and ``manifest.csv`` into the folder ``out``; returns the manifest.

    The same seed gives the same files. Images that are there are kept, and the manifest appears
    once all are; where that is there already, nothing is done. ``first``: only so many images, of
    the queue, with a manifest of their own.
    """
    manifest = out / ("manifest.csv" if first is None else "first.csv")
    if not manifest.is_file():
        wanted = list(enumerate(_recipes(seed)))
        if first is not None:
            wanted = [each for each in wanted if each[1][1] is DemoSplit.QUEUE][:first]
        rows = _made(out, wanted, seed, progress or (lambda done, total: None))
        _write(manifest, [COLUMNS, *rows])
    return manifest


def _made(
    folder: Path, wanted: Sequence[tuple[int, Drawn]], seed: int, progress: Progress
) -> list[Row]:
    """The rows of what is ``wanted``, by number, whose images are there then."""
    pixels = {photo.name: photo.load() for photo in PHOTOS}
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    there = {path.stem: path.name for path in images.iterdir() if path.suffix in (".jpg", ".png")}

    def make(numbered: tuple[int, Drawn]) -> str:
        number, (recipe, _) = numbered
        stem = f"{number:04d}"
        if stem in there:
            return there[stem]
        rng = np.random.default_rng((seed, recipe.scene))
        return save(render(recipe, pixels, rng), images, stem, rng)

    rows = []
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        for (_, drawn), name in zip(wanted, pool.map(make, wanted), strict=True):
            rows.append(_row(*drawn, name))
            progress(len(rows), len(wanted))
    finally:
        pool.shutdown(cancel_futures=True)
    return rows


def _write(manifest: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    with atomic_write(manifest) as file:
        file.write(text.getvalue().encode())


def _row(recipe: Recipe, split: DemoSplit, name: str) -> Row:
    label = "real" if recipe.method is None else "fake"
    photo = recipe.photo.name
    # Images of the stream are split one by one; everything else by photo.
    group = "" if recipe.photo.use is Use.STREAM else photo
    return (f"images/{name}", label, "demo", group, split, photo, recipe.method or "")


def _recipes(seed: int) -> list[Drawn]:
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
