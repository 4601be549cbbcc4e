"""A handful of images to try in Inspect: crops of free photos, and one forgery of each kind."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from review_app.core.files import atomic_folder
from review_app.demo.forgeries import Forgery
from review_app.demo.generate import Recipe, render, save
from review_app.demo.photos import PHOTOS, Use, photos_installed
from review_app.i18n import t

_SEED: Final = 7
_INDEX: Final = "index.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """An image to try. ``credit`` says whose photo it is."""

    path: Path
    photo: str
    """Its name in `PHOTOS`."""
    method: Forgery | None
    """The kind of forgery; None for a real crop."""
    credit: str

    @property
    def name(self) -> str:
        """What it shows and what was done to it, in the language of whoever is served."""
        done = t(f"samples.{self.method or 'unchanged'}")
        return t("samples.name", photo=t(f"samples.{self.photo}"), done=done)


def ensure_samples(folder: Path) -> list[Sample]:
    """The samples in ``folder``, made there if need be; complete or not at all.

    There are none where the extra ``demo`` is not installed, which has the photos.
    """
    if not (folder / _INDEX).is_file():
        if not photos_installed():
            return []
        _make(folder)
    entries = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
    return [_read(folder, entry) for entry in entries]


def _read(folder: Path, entry: dict[str, str | None]) -> Sample:
    method = entry["method"]
    return Sample(
        folder / str(entry["file"]),
        str(entry["photo"]),
        None if method is None else Forgery(method),
        str(entry["credit"]),
    )


def _make(folder: Path) -> None:
    try:
        with atomic_folder(folder) as draft:
            entries = [_sample(draft, number, recipe) for number, recipe in enumerate(_recipes())]
            (draft / _INDEX).write_text(json.dumps(entries, indent=1), encoding="utf-8")
            if not (folder / _INDEX).is_file():
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        if not (folder / _INDEX).is_file():  # another process may have been quicker
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
