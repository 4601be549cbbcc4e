"""An image folder: settled images in folders of their label, where ``datasets``, torchvision and
this program's own commands read them as they are.

``metadata.jsonl`` lies where Hugging Face's ``imagefolder`` looks for it: beside the folders of
labels, in each split's folder or archive. Anywhere else it would be ignored without a word.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from review_app.core.errors import DamagedImageError, InputError, NotFoundError
from review_app.core.files import atomic_folder
from review_app.core.hashing import sha256_of_file
from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from review_app.manifests.manifest import write_manifest
from review_app.records.exports.description import (
    CROISSANT,
    DATASHEET,
    MANIFEST,
    ColumnType,
    Description,
)
from review_app.records.exports.parts import METADATA, FolderParts
from review_app.records.exports.selection import EVERYTHING, Selection
from review_app.records.manifest import (
    NAME,
    nothing_settled,
    refuse_existing_folder,
)
from review_app.records.settled import LeftOut
from review_app.records.settled_images import settled_images
from review_app.records.settled_spool import SettledSpool
from storage.database import Database
from storage.repositories.export_columns import SETTLED
from storage.types import utc_now

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
_WRITTEN: Final = tuple(column.name for column in _LISTED)


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
    left_out: Counter[LeftOut] = Counter()
    try:
        with (
            atomic_folder(folder) as draft,
            closing(_settled(database, selection, now, left_out, draft)) as images,
            closing(FolderParts(draft, zipped, images.has_splits())) as parts,
        ):
            lost = _fill(parts, images, media, left_out, progress)
            parts.finish()
            if not len(parts.placed):
                raise InputError(nothing_settled(left_out))
            if not zipped:
                write_manifest(draft / NAME, parts.rows(), _WRITTEN)
                parts.note_file(NAME)
            described = _described(parts, zipped, now, selection, left_out)
            manifest = write_description(draft, described)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written ({error.strerror}); choose another folder"
        ) from error
    counts = {name: dict(values) for name, values in described.counts.items()}
    return FolderExport(folder, described.rows, counts, left_out, lost, manifest)


def _settled(
    database: Database,
    selection: Selection,
    now: datetime,
    left_out: Counter[LeftOut],
    beside: Path,
) -> SettledSpool:
    """What is settled, on disk; the rest is counted."""
    with database.read() as repos:
        batches = selection.batches(repos, now, names=SETTLED)
        return SettledSpool(settled_images(batches, now, left_out), beside)


def write_description(folder: Path, described: Description) -> str:
    """Write what an export is into its folder; the SHA-256 of its manifest."""
    (folder / DATASHEET).write_bytes(described.datasheet())
    (folder / CROISSANT).write_bytes(described.croissant())
    manifest = folder / MANIFEST
    with manifest.open("wb") as file:
        file.writelines(described.manifest())
    return sha256_of_file(manifest)


def _fill(
    parts: FolderParts,
    images: SettledSpool,
    media: MediaStore,
    left_out: Counter[LeftOut],
    progress: Progress | None,
) -> list[str]:
    """Put in each whole original; what is lost is counted, and told in words."""
    lost: list[str] = []
    total = len(images)
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
            progress(done, total)
    return lost


def _described(
    parts: FolderParts,
    zipped: bool,
    now: datetime,
    selection: Selection,
    left_out: Counter[LeftOut],
) -> Description:
    return Description(
        form="imagefolder, zipped" if zipped else "imagefolder",
        row_of="image",
        as_of=now,
        rows=len(parts.placed),
        selection=selection.to_json(),
        counts={name: dict(found) for name, found in parts.counts.items()},
        columns=_COLUMNS if zipped else _LISTED,
        table=METADATA if zipped else NAME,
        files=parts.files,
        left_out={reason.value: n for reason, n in left_out.items()},
    )
