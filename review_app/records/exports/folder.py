"""An image folder: settled images in folders of their label, where ``datasets``, torchvision and
this program's own commands read them as they are.

``metadata.jsonl`` lies where Hugging Face's ``imagefolder`` looks for it: beside the folders of
labels, in each split's folder or archive. Anywhere else it would be ignored without a word.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from review_app.core.errors import DamagedImageError, InputError, NotFoundError
from review_app.core.files import atomic_folder
from review_app.core.hashing import sha256, sha256_of_file
from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from review_app.manifests.manifest import ManifestRow, write_manifest
from review_app.records.exports.description import (
    CROISSANT,
    DATASHEET,
    MANIFEST,
    ColumnType,
    Description,
    ExportedFile,
)
from review_app.records.exports.selection import EVERYTHING, Selection
from review_app.records.manifest import (
    NAME,
    SettledImage,
    candidates,
    in_families,
    nothing_settled,
    refuse_existing_folder,
)
from review_app.records.settled import LeftOut
from storage.database import Database
from storage.types import utc_now

METADATA: Final = "metadata.jsonl"
_LATER: Final = "train"
"""The split of images without one, when others have one."""
_COLUMNS: Final = (
    *(ColumnType(name, str) for name in ("file_name", "path", "label", "source", "group")),
    *(ColumnType(name, str) for name in ("split", "sha256", "name")),
    ColumnType("weight", float),
)

_LISTED: Final = (
    *(ColumnType(name, str) for name in ("path", "label", "source", "group", "split")),
    ColumnType("weight", float),
)
"""The columns of the list of images."""


@dataclass(frozen=True)
class FolderExport:
    """A report of an export that is a folder."""

    path: Path
    rows: int
    counts: dict[str, dict[str, int]]
    left_out: Counter[LeftOut]
    lost: Sequence[str]
    """Images whose stored file is missing or damaged, in words."""
    manifest_sha256: str
    """The SHA-256 of its ``manifest.json``, which has those of all other files."""


def write_image_folder(
    database: Database,
    media: MediaStore,
    folder: Path,
    selection: Selection = EVERYTHING,
    *,
    zipped: bool = False,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> FolderExport:
    """Write everything of ``selection`` that is settled as real or fake into the new ``folder``,
    whole or not at all. ``zipped``: an archive for each split in place of a folder.

    Raises:
        InputError: the folder is there and not empty, cannot be made, or nothing is settled.
    """
    refuse_existing_folder(folder)
    now = now or utc_now()
    with database.read() as repos:
        chosen = None if selection == EVERYTHING else _chosen(selection.items(repos, now))
        found, left_out = candidates(repos, None, now, chosen)
    images, _ = in_families(found)
    try:
        with atomic_folder(folder) as draft:
            parts = _Parts(draft, zipped, any(one.split for one in images))
            lost = _fill(parts, images, media, left_out, progress)
            parts.close()
            if not parts.rows:
                raise InputError(nothing_settled(left_out))
            if not zipped:
                write_manifest(draft / NAME, parts.rows)
                parts.note_file(NAME)
            described = _described(parts, zipped, now, selection, left_out)
            manifest = write_description(draft, described)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror}); choose another folder"
        ) from error
    counts = {name: dict(values) for name, values in described.counts.items()}
    return FolderExport(folder, len(parts.rows), counts, left_out, lost, manifest)


def write_description(folder: Path, described: Description) -> str:
    """Write what an export is into its folder; the SHA-256 of its manifest."""
    manifest = described.manifest()
    (folder / DATASHEET).write_bytes(described.datasheet())
    (folder / CROISSANT).write_bytes(described.croissant())
    (folder / MANIFEST).write_bytes(manifest)
    return sha256(manifest)


def _chosen(ids: Iterator[int]) -> frozenset[int]:
    return frozenset(ids)


class _Parts:
    """The folders or archives of the splits, and what was put into them."""

    def __init__(self, root: Path, zipped: bool, split: bool) -> None:
        self.rows: list[ManifestRow] = []
        self.files: list[ExportedFile] = []
        self._root = root
        self._zipped = zipped
        self._has_splits = split
        self._lines: dict[str, list[str]] = {}
        self._archives: dict[str, zipfile.ZipFile] = {}

    def add(self, one: SettledImage, data: bytes) -> None:
        """Put an image into the part of its split."""
        split = (one.split or _LATER) if self._has_splits else None
        part = split or (_LATER if self._zipped else "")
        name = f"{one.label}/{one.sha256}.{one.format.lower()}"
        self._put(part, name, data)
        row: dict[str, Any] = {
            "file_name": name,
            "path": name,
            "label": one.label.value,
            "source": one.source or "",
            "group": one.group or "",
            "split": split or "",
            "sha256": one.sha256,
            "name": one.name,
            "weight": float(one.weight),
        }
        self._lines.setdefault(part, []).append(json.dumps(row, ensure_ascii=False))
        known = (one.label, one.source, one.group, split, one.weight)
        path = self._root / part / name
        self.rows.append(ManifestRow(len(self.rows) + 2, name, path, *known))

    def close(self) -> None:
        """Write what the images of each part are, and end its archive."""
        for part, lines in self._lines.items():
            self._put(part, METADATA, ("\n".join(lines) + "\n").encode())
        for part, archive in self._archives.items():
            archive.close()
            self.note_file(f"{part}.zip")

    def note(self, name: str, data: bytes) -> None:
        """Remember a file of the export."""
        self.files.append(ExportedFile(name, len(data), sha256(data)))

    def note_file(self, name: str) -> None:
        """Remember a file that lies there already."""
        path = self._root / name
        self.files.append(ExportedFile(name, path.stat().st_size, sha256_of_file(path)))

    def _put(self, part: str, name: str, data: bytes) -> None:
        if self._zipped:
            self._archive(part).writestr(name, data)
            return
        path = self._root / part / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.note(f"{part}/{name}".lstrip("/"), data)

    def _archive(self, part: str) -> zipfile.ZipFile:
        if part not in self._archives:
            # Images are compressed already.
            path = self._root / f"{part}.zip"
            self._archives[part] = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        return self._archives[part]


def _fill(
    parts: _Parts,
    images: Sequence[SettledImage],
    media: MediaStore,
    left_out: Counter[LeftOut],
    progress: Progress | None,
) -> list[str]:
    """Put in each whole original; what is lost is counted, and told in words."""
    lost: list[str] = []
    for done, one in enumerate(images, 1):
        try:
            data = media.read_original(one.sha256)
        except (NotFoundError, DamagedImageError) as error:
            gone = isinstance(error, NotFoundError)
            left_out[LeftOut.MISSING if gone else LeftOut.DAMAGED] += 1
            lost.append(f"{one.name} ({media.original(one.sha256)}): {error}")
        else:
            parts.add(one, data)
        if progress:
            progress(done, len(images))
    return lost


def _described(
    parts: _Parts,
    zipped: bool,
    now: datetime,
    selection: Selection,
    left_out: Counter[LeftOut],
) -> Description:
    return Description(
        form="imagefolder, zipped" if zipped else "imagefolder",
        row_of="image",
        as_of=now,
        rows=len(parts.rows),
        selection=selection.to_json(),
        counts={
            "label": dict(Counter(str(row.label) for row in parts.rows)),
            "split": dict(Counter(row.split or "none" for row in parts.rows)),
        },
        columns=_COLUMNS if zipped else _LISTED,
        table=METADATA if zipped else NAME,
        files=parts.files,
        left_out={reason.value: n for reason, n in left_out.items()},
    )
