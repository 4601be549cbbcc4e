"""Labels and splits that the names of folders tell: ``train/real/a.jpg``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final

from review_app.core.errors import ManifestError
from review_app.manifests.dialect import OWN, Dialect
from review_app.manifests.labels import ManifestLabel
from review_app.manifests.manifest import ManifestRow, listed

_SPLITS: Final[Mapping[str, str]] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def label_of_path(path: PurePath, dialect: Dialect = OWN) -> ManifestLabel | None:
    """The label that the folders of ``path`` tell; None where none does, or they disagree."""
    found = labels_of_path(path, dialect)
    return found.pop() if len(found) == 1 else None


def labels_of_path(path: PurePath, dialect: Dialect = OWN) -> set[ManifestLabel]:
    """Every label that a folder of ``path`` is called by."""
    return {label for part in path.parts[:-1] if (label := dialect.label(part)) is not None}


def rows_of_folder(
    folder: Path, images: Iterable[Path], dialect: Dialect = OWN
) -> tuple[ManifestRow, ...]:
    """A row for each of ``images``, paths below ``folder``, with what their folders tell.

    Raises:
        ManifestError: there are none, or the folders of one tell two labels.
    """
    rows: list[ManifestRow] = []
    unclear: list[str] = []
    for number, image in enumerate(images, 2):
        inner = image.relative_to(folder)
        labels = labels_of_path(inner, dialect)
        splits = [_SPLITS[p.lower()] for p in inner.parts[:-1] if p.lower() in _SPLITS]
        if len(labels) > 1:
            unclear.append(str(inner))
        label = next(iter(labels), None)
        split = splits[0] if splits else None
        rows.append(ManifestRow(number, str(inner), image, label, split=split))
    if unclear:
        raise ManifestError(
            f"{folder}: {len(unclear)} images lie in folders of both labels: {listed(unclear)}; "
            "make the manifest of each folder alone"
        )
    if not rows:
        raise ManifestError(f"{folder} holds no image that could be taken in")
    return tuple(rows)
