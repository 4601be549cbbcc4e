"""Exports of this program, as what reads images meets them again: by name they are manifests, by
accident they are left alone."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Final

from review_app.core.errors import ManifestError

KIND: Final = "deepfake-review export"
"""The value of ``kind``, the first thing in the manifest of an export."""
DESCRIPTION: Final = "manifest.json"
"""The name of that manifest in an export that is a folder."""
TABLE: Final = "manifest.csv"
"""The name of the list of its images."""
NO_CLAIM: Final = frozenset({"unsure", "undecidable"})
"""Labels in exports that say neither real nor fake."""
_BEGINNING: Final = 256
_COLUMNS: Final = frozenset({"image_id", "label_source", "inclusion_probability"})


def is_export(folder: Path) -> bool:
    """Whether the folder is one that an export has written."""
    try:
        with (folder / DESCRIPTION).open("rb") as file:
            begins = file.read(_BEGINNING)
    except (OSError, ValueError):
        return False
    return f'"kind": {json.dumps(KIND)}'.encode() in begins


def is_export_table(columns: Collection[str]) -> bool:
    """Whether a table with these columns, in plain names, is an export of items."""
    return columns >= _COLUMNS if isinstance(columns, set) else set(columns) >= _COLUMNS


def archives(folder: Path) -> list[Path]:
    """The archives of an export that is zipped, in order of their names."""
    return sorted(folder.glob("*.zip"))


def table_of(path: Path) -> Path:
    """The list of images of the export ``path``, where it is one; else ``path`` itself.

    Raises:
        ManifestError: the export has no list of images that lie in it.
    """
    if not (path.is_dir() and is_export(path)):
        return path
    if (path / TABLE).is_file():
        return path / TABLE
    advice = (
        "unpack its archives, and name metadata.jsonl of one"
        if archives(path)
        else ("make one by --format imagefolder")
    )
    raise ManifestError(f"{path} is an export without {TABLE}; {advice}")
