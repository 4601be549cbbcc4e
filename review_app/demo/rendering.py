"""One image of the demo: a crop of a photo, forged or not, as some camera would have taken it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from review_app.core.files import atomic_write
from review_app.demo.forgeries import Pixels, forge, grey_of
from review_app.demo.methods import Forgery
from review_app.demo.photos import Photo, Use

_PNG_SHARE: Final = 0.15
_GREY_SHARE: Final = 0.2


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
    """Write ``image`` as JPEG of some quality or, now and then, PNG; returns the file's name. The
    file appears whole or not at all."""
    picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
    quality = int(rng.integers(80, 96))
    suffix = "png" if rng.random() < _PNG_SHARE else "jpg"
    encoded = io.BytesIO()
    picture.save(encoded, "PNG" if suffix == "png" else "JPEG", quality=quality)
    with atomic_write(folder / f"{stem}.{suffix}") as file:
        file.write(encoded.getbuffer())
    return f"{stem}.{suffix}"
