"""Labels that leave: streamed, or written to files; and that they left is on record."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from review_app.core.progress import Progress
from review_app.intake.store import MediaStore
from review_app.records.exports.encoding import ExportFormat
from review_app.records.exports.history import ExportHistory
from review_app.records.exports.kept import KeptExports
from review_app.records.exports.request import ExportRequest, run_export
from review_app.records.exports.tables import LabelTable, record_export
from review_app.records.manifest import TrainingExport, write_training_manifest
from storage.database import Database
from storage.enums import TriageFlag


class ExportService:
    """Exports of one database, and of the images in ``media``."""

    def __init__(self, database: Database, media: MediaStore, kept: Path) -> None:
        """``kept``: the folder for exports that wait to be fetched."""
        self._database = database
        self._media = media
        self.kept = KeptExports(kept)
        self.history = ExportHistory(database)

    def stream(self, form: ExportFormat) -> Iterator[bytes]:
        """Every item, a piece at a time."""
        return LabelTable(self._database).stream(form)

    def run(
        self, request: ExportRequest, out: Path, progress: Progress | None = None
    ) -> dict[str, Any]:
        """Write what is asked for to ``out``; see `run_export`."""
        return run_export(self._database, self._media, request, out, progress)

    def write_manifest(
        self,
        folder: Path,
        *,
        copy: bool,
        mark: TriageFlag | None,
        progress: Progress | None,
    ) -> TrainingExport:
        """Write what a detector may learn from; see `write_training_manifest`."""
        return write_training_manifest(
            self._database, self._media, folder, copy=copy, mark=mark, progress=progress
        )

    def record(self, actor: str, form: str, **details: Any) -> bool:
        """Put into the audit log that ``actor`` took labels out; False where that may only be
        read."""
        return record_export(self._database, actor, {"format": form, **details})
