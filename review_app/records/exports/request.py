"""An export as somebody asks for it, on the command line or on a page; and doing it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from review_app.core.errors import InputError
from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from review_app.records.exports.coco import write_coco
from review_app.records.exports.description import MANIFEST
from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.folder import FolderExport, write_image_folder
from review_app.records.exports.selection import EVERYTHING, Selection, moment_of
from review_app.records.exports.tables import LabelTable, RowKind, write_table
from storage.database import Database
from storage.types import utc_now

OVERLAP: Final = timedelta(minutes=1)
"""How much of the time before an export the next one looks at again: what was under way then may
have been stored with a time of before."""

LAST: Final = "last"
"""What stands for the last export of the same shape where a moment is asked for."""


class ExportKind(StrEnum):
    """What an export is: a table in one of the formats, or a folder."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    IMAGEFOLDER = "imagefolder"
    """Settled images in folders of their label."""
    COCO = "coco"
    """Verdicts and marks in pixels."""

    @property
    def table(self) -> ExportFormat | None:
        """The format of a table; None for a folder."""
        return ExportFormat(self.value) if self.value in set(ExportFormat) else None


@dataclass(frozen=True)
class ExportRequest:
    """An export that somebody wants."""

    kind: ExportKind = ExportKind.CSV
    selection: Selection = EVERYTHING
    row_kind: RowKind = RowKind.IMAGES
    zipped: bool = False
    without_images: bool = False

    def to_json(self) -> dict[str, Any]:
        """The request as parameters of a job."""
        return {
            "kind": self.kind.value,
            "selection": self.selection.to_json(),
            "rows": self.row_kind.value,
            "zipped": self.zipped,
            "without_images": self.without_images,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ExportRequest:
        """The request that `to_json` made. Raises InputError."""
        try:
            return cls(
                kind=ExportKind(document["kind"]),
                selection=Selection.from_json(document.get("selection", {})),
                row_kind=RowKind(document.get("rows", RowKind.IMAGES)),
                zipped=bool(document.get("zipped", False)),
                without_images=bool(document.get("without_images", False)),
            )
        except (KeyError, ValueError) as error:
            raise InputError(f"these are no parameters of an export ({error})") from error

    @property
    def shape(self) -> ExportRequest:
        """The same of everything, not only of what has changed: exports of one shape go on where
        the one before ended."""
        return replace(self, selection=replace(self.selection, changed_since=None))

    def since(self, moment: datetime) -> ExportRequest:
        """The same of what has changed since ``moment`` only."""
        return replace(self, selection=replace(self.selection, changed_since=moment))

    def require_possible(self) -> None:
        """Raise InputError where two things that were asked for do not go together."""
        if self.row_kind is RowKind.ANSWERS and self.kind.table is None:
            raise InputError(f"one row per answer is a table; {self.kind} is a folder of images")
        if self.zipped and self.kind is not ExportKind.IMAGEFOLDER:
            raise InputError("only an imagefolder is zipped; leave --zip out")
        if self.without_images and self.kind is ExportKind.IMAGEFOLDER:
            raise InputError("an imagefolder is its images; write a table, or coco, without them")


def run_export(
    database: Database,
    media: MediaStore,
    request: ExportRequest,
    out: Path,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write what is asked for to the file or new folder ``out``; what was written, as JSON has it.

    Raises:
        InputError: it is not possible, ``out`` cannot be written, or nothing is settled.
    """
    request.require_possible()
    now = utc_now()
    told = {"path": str(out), "format": request.kind.value, "as_of": now.isoformat()}
    form = request.kind.table
    if form is not None:
        table = LabelTable(database, request.selection, now, progress, request.row_kind)
        written = write_table(table, out, form)
        return {**told, "rows": written.rows, "sha256": written.sha256, "lost": []}
    made = _folder(database, media, request, out, progress, now)
    return {**told, "rows": made.rows, "sha256": made.manifest_sha256, "lost": list(made.lost)}


def _folder(
    database: Database,
    media: MediaStore,
    request: ExportRequest,
    out: Path,
    progress: Progress | None,
    now: datetime,
) -> FolderExport:
    known = (database, media, out, request.selection)
    if request.kind is ExportKind.COCO:
        without = request.without_images
        return write_coco(*known, without_images=without, progress=progress, now=now)
    return write_image_folder(*known, zipped=request.zipped, progress=progress, now=now)


def since_of(text: str) -> datetime:
    """The moment since which changes are wanted: a time, or the path of an earlier export.

    Raises:
        InputError: it is neither.
    """
    path = Path(text)
    beside = path / MANIFEST if path.is_dir() else path.with_name(f"{path.name}.{MANIFEST}")
    if not path.exists():
        return moment_of(text)
    try:
        return moment_of(json.loads(beside.read_bytes())["as_of"]) - OVERLAP
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{beside} does not say when {path.name} was exported ({error}); name a time"
        ) from error
