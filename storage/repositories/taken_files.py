"""Score files that were taken in: which, when, by whom, and what each brought."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.enums import AuditKind
from storage.models import ScoreFile
from storage.repositories.event_log import AuditLog, Event
from storage.types import utc_now


class TakenFiles:
    """Append-only; the log tells of each row, in the transaction that writes it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, file: ScoreFile) -> None:
        """Keep that ``file`` was taken in, with all that it brought."""
        file.taken_at = utc_now()
        self._session.add(file)
        items = None if file.first_item_id is None else [file.first_item_id, file.last_item_id]
        details = {
            "file": file.name,
            "sha256": file.sha256,
            "rows": file.rows,
            "scores": file.scores,
            "labels": file.labels,
            "images": file.images,
            "items": items,
        }
        event = Event(AuditKind.SCORES_INGESTED, file.taken_by, details=details, at=file.taken_at)
        AuditLog(self._session).add(event)

    def has(self, sha256: str, checkpoint_id: str) -> bool:
        """Whether the file with this hash was taken in for the checkpoint's detector before."""
        query = select(ScoreFile.scores).where(ScoreFile.sha256 == sha256)
        return any(checkpoint_id in scores for scores in self._session.scalars(query))

    def that_brought(self, item_id: int) -> ScoreFile | None:
        """The file that the item came with, if it came with one."""
        query = select(ScoreFile).where(
            ScoreFile.first_item_id <= item_id, ScoreFile.last_item_id >= item_id
        )
        return self._session.scalar(query)
