"""Exports that were made before, in the background or by a command: the table of jobs has both, so
that the next one of the same kind can begin where the last one ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from review_app.core.errors import InputError
from review_app.records.exports.request import OVERLAP, ExportRequest
from review_app.records.exports.selection import moment_of
from storage.database import Database
from storage.enums import AuditKind, JobKind
from storage.models import JobRow
from storage.repositories.event_log import Event


@dataclass(frozen=True)
class EarlierExport:
    """An export that was made."""

    job: int
    by: str
    file: str
    as_of: datetime
    """The moment that it tells."""

    @property
    def since(self) -> datetime:
        """The moment since which changes are wanted that it may not have: a little earlier."""
        return self.as_of - OVERLAP


class ExportHistory:
    """The exports of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_alike(self, request: ExportRequest) -> EarlierExport | None:
        """The newest export of the shape of ``request``; None where there is none. One of another
        shape would not do: what it left out has perhaps not changed since."""
        with self._database.read() as repos:
            for row in repos.jobs.done(JobKind.EXPORT):
                if (found := _earlier(row)) and _request_of(row) == request.shape:
                    return found
        return None

    def note(self, request: ExportRequest, by: str, told: dict[str, Any]) -> bool:
        """Put on record, and into the history, that a command has made an export; False where the
        database may only be read. ``told``: what was written, with ``rows``, ``sha256``, ``as_of``
        and the name of the ``file``."""
        if self._database.read_only:
            return False
        parameters = {"request": request.to_json(), "by": by}
        details = {"format": request.kind.value, **on_record(request, told)}
        with self._database.write() as repos:
            repos.jobs.add_done(JobKind.EXPORT, parameters, by, told)
            repos.audit.add(Event(AuditKind.EXPORTED, by, details=details))
        return True


def on_record(request: ExportRequest, told: dict[str, Any]) -> dict[str, Any]:
    """What the audit log tells of an export that was made, beside its format."""
    return {
        "rows": told["rows"],
        "sha256": told["sha256"],
        "row_of": request.row_kind.value,
        "selection": request.selection.to_json(),
    }


def _earlier(row: JobRow) -> EarlierExport | None:
    told = row.result or {}
    try:
        return EarlierExport(row.id, row.asked_by, str(told["file"]), moment_of(told["as_of"]))
    except (KeyError, TypeError, InputError):
        return None


def _request_of(row: JobRow) -> ExportRequest | None:
    try:
        return ExportRequest.from_json(row.parameters["request"]).shape
    except (KeyError, TypeError, InputError):
        return None
