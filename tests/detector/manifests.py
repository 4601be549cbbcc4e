"""Small manifests of real picture files: smooth ones are real, noisy ones fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from review_app.manifests.manifest import (
    Manifest,
    ManifestLabel,
    ManifestRow,
    read_manifest,
    write_manifest,
)

SIZES = {"train": 16, "val": 8, "test": 12}


def picture_manifest(
    folder: Path, *, sizes: Mapping[str, int] = SIZES, sources: Sequence[str] = ("first", "second")
) -> Manifest:
    """A new manifest in ``folder``: of every source as many images of a split as ``sizes`` says."""
    rows: list[ManifestRow] = []
    for split, n in sizes.items():
        for source in sources:
            for at in range(n):
                fake = at % 2 == 1
                path = folder / f"{split}-{source}-{at}.png"
                picture(len(rows), noisy=fake).save(path)
                label = ManifestLabel.FAKE if fake else ManifestLabel.REAL
                rows.append(ManifestRow(0, path.name, path, label, source, None, split))
    write_manifest(folder / "manifest.csv", rows)
    return read_manifest(folder / "manifest.csv", check_files=True)


def picture(seed: int, *, noisy: bool) -> Image.Image:
    """One of 64 by 64 pixels."""
    rng = np.random.default_rng(seed)
    smooth = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)).resize((64, 64))
    noise = rng.integers(-60, 60, (64, 64, 3)) if noisy else 0
    return Image.fromarray(np.clip(np.asarray(smooth, np.int16) + noise, 0, 255).astype(np.uint8))
