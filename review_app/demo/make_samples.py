"""The images to try in Inspect are made here; `samples` finds them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

import numpy as np

from review_app.core.files import atomic_folder
from review_app.demo.methods import Forgery
from review_app.demo.photos import PHOTOS, Use
from review_app.demo.rendering import Recipe, render, save
from review_app.demo.samples import INDEX

_SEED: Final = 7


def make_samples(folder: Path) -> None:
    """Make the samples in ``folder``, complete or not at all."""
    try:
        with atomic_folder(folder) as draft:
            entries = [_sample(draft, number, recipe) for number, recipe in enumerate(_recipes())]
            (draft / INDEX).write_text(json.dumps(entries, indent=1), encoding="utf-8")
            if not (folder / INDEX).is_file():
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        if not (folder / INDEX).is_file():  # another process may have been quicker
            raise


def _recipes() -> list[Recipe]:
    """Each kind once, real crops between, on photos that the demo detector has not learned from."""
    photos = [photo for photo in PHOTOS if photo.use is Use.STREAM]
    methods: list[Forgery | None] = []
    for forgery in Forgery:
        methods += [None, forgery]
    return [
        Recipe(number, photos[number % len(photos)], photos[(number + 1) % len(photos)], method)
        for number, method in enumerate(methods)
    ]


def _sample(folder: Path, number: int, recipe: Recipe) -> dict[str, str | None]:
    rng = np.random.default_rng((_SEED, number))
    pixels = {photo.name: photo.load() for photo in (recipe.photo, recipe.donor)}
    return {
        "file": save(render(recipe, pixels, rng), folder, f"sample-{number}", rng),
        "photo": recipe.photo.name,
        "method": recipe.method,
        "credit": f"{recipe.photo.credit} ({recipe.photo.licence})",
    }
