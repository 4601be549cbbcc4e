"""Small image files and rows about them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from review_app.copies.descriptors import describe
from review_app.copies.look import Look
from review_app.lab.datasets.fingerprints import Fingerprint, Inspected, Looks
from review_app.manifests.manifest import ManifestLabel, ManifestRow
from tests.intake.samples import picture


def save(path: Path, seed: int, *, size: tuple[int, int] = (64, 48), **options: Any) -> Path:
    """A picture of its own for every seed, in the format of the path's ending."""
    picture(*size, seed=seed).save(path, **options)
    return path


def copy(path: Path, new: Path, **options: Any) -> Path:
    """The picture at ``path``, encoded once more."""
    with Image.open(path) as image:
        image.save(new, **options)
    return new


def inspected(
    at: int,
    label: ManifestLabel | None = ManifestLabel.REAL,
    *,
    sha: str | None = None,
    looks: int | None = None,
    **known: Any,
) -> Inspected:
    """A row that was read; unlike every other one unless ``sha`` or ``looks`` say otherwise."""
    row = ManifestRow(at + 2, f"{at}.jpg", Path(f"/{at}.jpg"), label, **known)
    seen = None if looks is None else _looks(looks)
    found = Fingerprint(sha or f"{at:064x}", 9, 9, 9, "PNG", None, seen)
    return Inspected(row, found)


@cache
def _looks(seed: int) -> Looks:
    image = picture(64, 48, seed=seed)
    look = Look.of(image)
    return Looks(describe(image), look.hashes, lambda: look)
