"""Small image files and rows about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from review_app.datasets.fingerprints import Fingerprint, Inspected
from review_app.datasets.manifest import Label, ManifestRow
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
    label: Label | None = Label.REAL,
    *,
    sha: str | None = None,
    looks: int | None = None,
    **known: Any,
) -> Inspected:
    """A row that was read; unlike every other one unless ``sha`` or ``looks`` say otherwise."""
    row = ManifestRow(at + 2, f"{at}.jpg", Path(f"/{at}.jpg"), label, **known)
    far = ((at + 1) * 0x9E3779B97F4A7C15) % (1 << 63)  # distances of about half the bits
    found = Fingerprint(sha or f"{at:064x}", far if looks is None else looks, 9, 9, 9, "PNG", None)
    return Inspected(row, found)
